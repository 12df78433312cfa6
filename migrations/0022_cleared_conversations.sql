CREATE TABLE `cleared_conversations` (
	`conversation_id` integer PRIMARY KEY NOT NULL,
	FOREIGN KEY (`conversation_id`) REFERENCES `conversations`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `conversations` ADD `cleared_to` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
CREATE INDEX `held_usernames_until` ON `held_usernames` (`until`);
