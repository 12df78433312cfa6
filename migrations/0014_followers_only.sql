DROP TRIGGER `users_guarded`;
--> statement-breakpoint
CREATE TABLE `follow_requests` (
	`id` integer PRIMARY KEY NOT NULL,
	`owner_id` integer NOT NULL,
	`followed_id` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`followed_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `follow_requests_owner_followed` ON `follow_requests` (`owner_id`,`followed_id`);
--> statement-breakpoint
CREATE INDEX `follow_requests_followed` ON `follow_requests` (`followed_id`);
--> statement-breakpoint
CREATE TABLE `message_policies` (
	`user_id` integer PRIMARY KEY NOT NULL,
	`policy` text NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `private_accounts` (
	`user_id` integer PRIMARY KEY NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `posts` ADD `comments_closed` integer DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE `users` ADD `follow_requests_count` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
insert into sequences (name, deleted) select 'follow_requests', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'follow_requests'), 0)) - count(*) from follow_requests) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
update users as t set follow_requests_count = (select count(*) from follow_requests where followed_id = t.id) where follow_requests_count is not (select count(*) from follow_requests where followed_id = t.id);
--> statement-breakpoint
CREATE TRIGGER `follow_requests_deleted` AFTER DELETE ON `follow_requests` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'follow_requests';
  UPDATE `users` SET follow_requests_count = follow_requests_count - 1
    WHERE id = OLD.followed_id;
END;
--> statement-breakpoint
CREATE TRIGGER `follow_requests_inserted` AFTER INSERT ON `follow_requests` BEGIN
  UPDATE `users` SET follow_requests_count = follow_requests_count + 1
    WHERE id = NEW.followed_id;
END;
--> statement-breakpoint
CREATE TRIGGER `users_guarded` BEFORE DELETE ON `users` WHEN EXISTS (SELECT 1 FROM `posts` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `comments` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `likes` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `followers` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `followers` WHERE followed_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `blocks` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `blocks` WHERE blocked_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `follow_requests` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `follow_requests` WHERE followed_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `mutes` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `mutes` WHERE muted_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `conversations` WHERE user_a = OLD.id)
    OR EXISTS (SELECT 1 FROM `conversations` WHERE user_b = OLD.id)
    OR EXISTS (SELECT 1 FROM `notifications` WHERE recipient_id = OLD.id) BEGIN
  SELECT RAISE(ABORT, 'a user is erased in pieces: npm run erase');
END;
