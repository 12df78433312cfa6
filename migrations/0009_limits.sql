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
CREATE TRIGGER `users_inserted_username_key` AFTER INSERT ON `users` WHEN NEW.username_key IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `held_usernames`
    WHERE username_key = NEW.username_key AND user_id <> NEW.id AND until > unixepoch() * 1000;
END;
