CREATE TABLE `hidden_messages` (
	`message_id` integer PRIMARY KEY NOT NULL,
	`conversation_id` integer NOT NULL,
	`sender_id` integer NOT NULL,
	`content` text NOT NULL,
	`image` text,
	`created_at` integer NOT NULL,
	`edited_at` integer,
	`seq` integer NOT NULL,
	`hidden_at` integer NOT NULL,
	`erase_at` integer,
	FOREIGN KEY (`conversation_id`) REFERENCES `conversations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `hidden_messages_conversation` ON `hidden_messages` (`conversation_id`);
--> statement-breakpoint
CREATE INDEX `hidden_messages_sender` ON `hidden_messages` (`sender_id`);
--> statement-breakpoint
CREATE INDEX `hidden_messages_erase` ON `hidden_messages` (`erase_at`) WHERE erase_at is not null;
--> statement-breakpoint
update images set refs = 0 where refs <> 0 and hash not in (select hash from (select hash, count(*) as refs from (select image as hash from users union all select image as hash from posts union all select image as hash from messages union all select evidence_image as hash from reports union all select image as hash from hidden_messages)
    where hash is not null group by hash));
--> statement-breakpoint
insert into images (hash, refs) select hash, refs from (select hash, count(*) as refs from (select image as hash from users union all select image as hash from posts union all select image as hash from messages union all select evidence_image as hash from reports union all select image as hash from hidden_messages)
    where hash is not null group by hash) where true
  on conflict (hash) do update set refs = excluded.refs where refs <> excluded.refs;
--> statement-breakpoint
update images set public_refs = 0 where public_refs <> 0 and hash not in (select hash from (select hash, count(*) as refs from (select image as hash from users union all select image as hash from posts)
    where hash is not null group by hash));
--> statement-breakpoint
insert into images (hash, public_refs) select hash, refs from (select hash, count(*) as refs from (select image as hash from users union all select image as hash from posts)
    where hash is not null group by hash) where true
  on conflict (hash) do update set public_refs = excluded.public_refs where public_refs <> excluded.public_refs;
--> statement-breakpoint
CREATE TRIGGER `hidden_messages_deleted_image` AFTER DELETE ON `hidden_messages` WHEN OLD.image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_messages_inserted_image` AFTER INSERT ON `hidden_messages` WHEN NEW.image IS NOT NULL BEGIN
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_messages_updated_image` AFTER UPDATE OF `image` ON `hidden_messages` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
