CREATE TABLE `held_usernames` (
	`username_key` text PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
	`until` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rate_limits` (
	`key` text PRIMARY KEY NOT NULL,
	`at` real NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER `users_deleted_username_key` AFTER DELETE ON `users` WHEN OLD.username_key IS NOT NULL BEGIN
  INSERT INTO `held_usernames` (username_key, user_id, until)
    VALUES (OLD.username_key, OLD.id, unixepoch() * 1000 + 2592000000)
    ON CONFLICT (username_key) DO UPDATE SET user_id = excluded.user_id, until = excluded.until;
END;
--> statement-breakpoint
CREATE TRIGGER `users_inserted_username_key` AFTER INSERT ON `users` WHEN NEW.username_key IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `held_usernames`
    WHERE username_key = NEW.username_key AND user_id <> NEW.id AND until > unixepoch() * 1000;
END;
--> statement-breakpoint
CREATE TRIGGER `users_updated_username_key` AFTER UPDATE OF `username_key` ON `users` WHEN NEW.username_key IS NOT OLD.username_key BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `held_usernames`
    WHERE username_key = NEW.username_key AND user_id <> NEW.id AND until > unixepoch() * 1000;
  INSERT INTO `held_usernames` (username_key, user_id, until)
    VALUES (OLD.username_key, OLD.id, unixepoch() * 1000 + 2592000000)
    ON CONFLICT (username_key) DO UPDATE SET user_id = excluded.user_id, until = excluded.until;
END;
