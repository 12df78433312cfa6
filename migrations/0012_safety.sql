DROP TRIGGER `users_guarded`;
--> statement-breakpoint
CREATE TABLE `blocks` (
	`id` integer PRIMARY KEY NOT NULL,
	`owner_id` integer NOT NULL,
	`blocked_id` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`blocked_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "blocks_not_self" CHECK("blocks"."owner_id" <> "blocks"."blocked_id")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `blocks_owner_blocked` ON `blocks` (`owner_id`,`blocked_id`);
--> statement-breakpoint
CREATE INDEX `blocks_blocked_owner` ON `blocks` (`blocked_id`,`owner_id`);
--> statement-breakpoint
CREATE INDEX `blocks_owner` ON `blocks` (`owner_id`);
--> statement-breakpoint
CREATE TABLE `mutes` (
	`id` integer PRIMARY KEY NOT NULL,
	`owner_id` integer NOT NULL,
	`muted_id` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`muted_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "mutes_not_self" CHECK("mutes"."owner_id" <> "mutes"."muted_id")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `mutes_owner_muted` ON `mutes` (`owner_id`,`muted_id`);
--> statement-breakpoint
CREATE INDEX `mutes_muted` ON `mutes` (`muted_id`);
--> statement-breakpoint
CREATE INDEX `mutes_owner` ON `mutes` (`owner_id`);
--> statement-breakpoint
ALTER TABLE `users` ADD `blocks_count` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE `users` ADD `mutes_count` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
insert into sequences (name, deleted) select 'blocks', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'blocks'), 0)) - count(*) from blocks) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
insert into sequences (name, deleted) select 'mutes', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'mutes'), 0)) - count(*) from mutes) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
update users as t set blocks_count = (select count(*) from blocks where owner_id = t.id) where blocks_count is not (select count(*) from blocks where owner_id = t.id);
--> statement-breakpoint
update users as t set mutes_count = (select count(*) from mutes where owner_id = t.id) where mutes_count is not (select count(*) from mutes where owner_id = t.id);
--> statement-breakpoint
CREATE TRIGGER `blocks_deleted` AFTER DELETE ON `blocks` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'blocks';
  UPDATE `users` SET blocks_count = blocks_count - 1
    WHERE id = OLD.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `blocks_inserted` AFTER INSERT ON `blocks` BEGIN
  UPDATE `users` SET blocks_count = blocks_count + 1
    WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `mutes_deleted` AFTER DELETE ON `mutes` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'mutes';
  UPDATE `users` SET mutes_count = mutes_count - 1
    WHERE id = OLD.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `mutes_inserted` AFTER INSERT ON `mutes` BEGIN
  UPDATE `users` SET mutes_count = mutes_count + 1
    WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `users_guarded` BEFORE DELETE ON `users` WHEN EXISTS (SELECT 1 FROM `posts` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `comments` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `likes` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `followers` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `followers` WHERE followed_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `blocks` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `blocks` WHERE blocked_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `mutes` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `mutes` WHERE muted_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `conversations` WHERE user_a = OLD.id)
    OR EXISTS (SELECT 1 FROM `conversations` WHERE user_b = OLD.id)
    OR EXISTS (SELECT 1 FROM `notifications` WHERE recipient_id = OLD.id) BEGIN
  SELECT RAISE(ABORT, 'a user is erased in pieces: npm run erase');
END;
