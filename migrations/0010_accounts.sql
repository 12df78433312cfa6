CREATE TABLE `account_exports` (
	`user_id` integer PRIMARY KEY NOT NULL,
	`started_at` integer NOT NULL,
	`parts` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `deleted_accounts` (
	`user_id` integer PRIMARY KEY NOT NULL,
	`deleted_at` integer NOT NULL,
	`erase_at` integer,
	`erasing_since` integer,
	`conversations_done_to` integer DEFAULT 0 NOT NULL,
	`name_free_at` integer,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `deleted_accounts_erase` ON `deleted_accounts` (`erase_at`) WHERE erase_at is not null;
--> statement-breakpoint
CREATE INDEX `deleted_accounts_name` ON `deleted_accounts` (`name_free_at`) WHERE name_free_at is not null;
--> statement-breakpoint
CREATE TABLE `email_keys` (
	`key_hash` text PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
	`email` text NOT NULL,
	`purpose` text NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `email_keys_user` ON `email_keys` (`user_id`);
--> statement-breakpoint
CREATE INDEX `email_keys_expires` ON `email_keys` (`expires_at`);
--> statement-breakpoint
insert into sequences (name, deleted) select 'users', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'users'), 0)) - count(*) from users) + (select count(*) from deleted_accounts) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
CREATE TRIGGER `deleted_accounts_deleted` AFTER DELETE ON `deleted_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted - 1 WHERE name = 'users';
END;
--> statement-breakpoint
CREATE TRIGGER `deleted_accounts_inserted` AFTER INSERT ON `deleted_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1 WHERE name = 'users';
END;
--> statement-breakpoint
CREATE TRIGGER `users_guarded` BEFORE DELETE ON `users` WHEN EXISTS (SELECT 1 FROM `posts` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `comments` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `likes` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `followers` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `followers` WHERE followed_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `conversations` WHERE user_a = OLD.id)
    OR EXISTS (SELECT 1 FROM `conversations` WHERE user_b = OLD.id) BEGIN
  SELECT RAISE(ABORT, 'a user is erased in pieces: npm run erase');
END;
--> statement-breakpoint
CREATE TRIGGER `users_updated_username_key` AFTER UPDATE OF `username_key` ON `users` WHEN NEW.username_key IS NOT OLD.username_key BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `held_usernames`
    WHERE username_key = NEW.username_key AND user_id <> NEW.id AND until > unixepoch() * 1000;
  INSERT INTO `held_usernames` (username_key, user_id, until)
    SELECT OLD.username_key, OLD.id, unixepoch() * 1000 + 2592000000 WHERE NOT EXISTS
      (SELECT 1 FROM `deleted_accounts` WHERE user_id = OLD.id)
    ON CONFLICT (username_key) DO UPDATE SET user_id = excluded.user_id, until = excluded.until;
END;
