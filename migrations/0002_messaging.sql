-- By hand: WITHOUT ROWID, which drizzle cannot express and which halves what a row of these two writes.
CREATE TABLE `changes` (
	`conversation_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`user_id` integer NOT NULL,
	`message_id` integer,
	`up_to` integer,
	PRIMARY KEY(`conversation_id`, `seq`),
	FOREIGN KEY (`conversation_id`) REFERENCES `conversations`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `conversations` (
	`id` integer PRIMARY KEY NOT NULL,
	`user_a` integer NOT NULL,
	`user_b` integer NOT NULL,
	`seq` integer DEFAULT 0 NOT NULL,
	`last_message_id` integer,
	`messages_count` integer DEFAULT 0 NOT NULL,
	`read_a` integer DEFAULT 0 NOT NULL,
	`read_b` integer DEFAULT 0 NOT NULL,
	`unread_a` integer DEFAULT 0 NOT NULL,
	`unread_b` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`user_a`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`user_b`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "conversations_ordered" CHECK("conversations"."user_a" < "conversations"."user_b")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `conversations_pair` ON `conversations` (`user_a`,`user_b`);--> statement-breakpoint
CREATE INDEX `conversations_user_b` ON `conversations` (`user_b`);--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`user_id` integer NOT NULL,
	`route` text NOT NULL,
	`key` text NOT NULL,
	`request_hash` text NOT NULL,
	`answer` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `route`, `key`),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idempotency_keys_created` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `messages` (
	`id` integer PRIMARY KEY NOT NULL,
	`conversation_id` integer NOT NULL,
	`sender_id` integer NOT NULL,
	`content` text NOT NULL,
	`image` text,
	`created_at` integer NOT NULL,
	`edited_at` integer,
	`seq` integer NOT NULL,
	`changed_seq` integer NOT NULL,
	FOREIGN KEY (`conversation_id`) REFERENCES `conversations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `messages_conversation` ON `messages` (`conversation_id`);