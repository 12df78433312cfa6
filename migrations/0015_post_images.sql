ALTER TABLE `posts` ADD `image_width` integer;
--> statement-breakpoint
ALTER TABLE `posts` ADD `image_height` integer;
--> statement-breakpoint
ALTER TABLE `posts` ADD `image_thumbhash` text;
--> statement-breakpoint
ALTER TABLE `posts` ADD `image_alt` text DEFAULT '' NOT NULL;
