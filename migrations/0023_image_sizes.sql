ALTER TABLE `messages` ADD `image_width` integer;
--> statement-breakpoint
ALTER TABLE `messages` ADD `image_height` integer;
--> statement-breakpoint
ALTER TABLE `messages` ADD `image_thumbhash` text;
--> statement-breakpoint
ALTER TABLE `users` ADD `image_width` integer;
--> statement-breakpoint
ALTER TABLE `users` ADD `image_height` integer;
--> statement-breakpoint
ALTER TABLE `users` ADD `image_thumbhash` text;
