DROP TRIGGER `users_inserted_username_key`;
--> statement-breakpoint
DROP TRIGGER `users_updated_username_key`;
--> statement-breakpoint
ALTER TABLE `posts` ADD `image_width` integer;
--> statement-breakpoint
ALTER TABLE `posts` ADD `image_height` integer;
--> statement-breakpoint
ALTER TABLE `posts` ADD `image_thumbhash` text;
--> statement-breakpoint
ALTER TABLE `posts` ADD `image_alt` text DEFAULT '' NOT NULL;
--> statement-breakpoint
ALTER TABLE `users` ADD `username_skeleton` text;
--> statement-breakpoint
CREATE UNIQUE INDEX `users_username_skeleton` ON `users` (`username_skeleton`);
--> statement-breakpoint
CREATE TRIGGER `users_inserted_username_key` AFTER INSERT ON `users` WHEN NEW.username_key IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `held_usernames`
    WHERE username_key IN (NEW.username_key, NEW.username_skeleton) AND user_id <> NEW.id AND until > unixepoch() * 1000;
END;
--> statement-breakpoint
CREATE TRIGGER `users_updated_username_key` AFTER UPDATE OF `username_key` ON `users` WHEN NEW.username_key IS NOT OLD.username_key BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `held_usernames`
    WHERE username_key IN (NEW.username_key, NEW.username_skeleton) AND user_id <> NEW.id AND until > unixepoch() * 1000;
  INSERT INTO `held_usernames` (username_key, user_id, until)
    SELECT coalesce(OLD.username_skeleton, OLD.username_key), OLD.id, unixepoch() * 1000 + 2592000000 WHERE NOT EXISTS
      (SELECT 1 FROM `deleted_accounts` WHERE user_id = OLD.id)
    ON CONFLICT (username_key) DO UPDATE SET user_id = excluded.user_id, until = excluded.until;
END;
