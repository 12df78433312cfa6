ALTER TABLE `changes` ADD `change_id` text;
--> statement-breakpoint
ALTER TABLE `conversations` ADD `revoked_changes` text DEFAULT '' NOT NULL;
--> statement-breakpoint
ALTER TABLE `images` ADD `generation` integer DEFAULT 0 NOT NULL;
