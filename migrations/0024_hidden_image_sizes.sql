ALTER TABLE `hidden_messages` ADD `image_width` integer;
--> statement-breakpoint
ALTER TABLE `hidden_messages` ADD `image_height` integer;
--> statement-breakpoint
ALTER TABLE `hidden_messages` ADD `image_thumbhash` text;
