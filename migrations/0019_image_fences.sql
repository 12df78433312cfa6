CREATE TABLE `image_fences` (
	`hash` text PRIMARY KEY NOT NULL,
	`generation` integer NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `image_fences_until` ON `image_fences` (`until`);
