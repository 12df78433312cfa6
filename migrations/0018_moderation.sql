DROP TRIGGER `deleted_accounts_deleted`;
--> statement-breakpoint
DROP TRIGGER `deleted_accounts_inserted`;
--> statement-breakpoint
DROP TRIGGER `comments_deleted`;
--> statement-breakpoint
DROP TRIGGER `posts_deleted`;
--> statement-breakpoint
DROP TRIGGER `posts_updated_image`;
--> statement-breakpoint
DROP TRIGGER `posts_inserted`;
--> statement-breakpoint
DROP TRIGGER `users_inserted_username_key`;
--> statement-breakpoint
DROP TRIGGER `users_updated_username_key`;
--> statement-breakpoint
CREATE TABLE `appeals` (
	`action_id` integer PRIMARY KEY NOT NULL,
	`text` text NOT NULL,
	`created_at` integer NOT NULL,
	`answered_at` integer,
	FOREIGN KEY (`action_id`) REFERENCES `moderation_actions`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `cases` (
	`id` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`subject_id` integer NOT NULL,
	`author_id` integer NOT NULL,
	`state` text DEFAULT 'open' NOT NULL,
	`claimed_by` integer,
	`reports_count` integer DEFAULT 0 NOT NULL,
	`is_appealed` integer DEFAULT false NOT NULL,
	`opened_at` integer NOT NULL,
	`closed_at` integer,
	FOREIGN KEY (`author_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `cases_subject` ON `cases` (`kind`,`subject_id`);
--> statement-breakpoint
CREATE INDEX `cases_state` ON `cases` (`state`);
--> statement-breakpoint
CREATE INDEX `cases_state_kind` ON `cases` (`state`,`kind`);
--> statement-breakpoint
CREATE INDEX `cases_author` ON `cases` (`author_id`);
--> statement-breakpoint
CREATE TABLE `daily_sizes` (
	`day` text NOT NULL,
	`name` text NOT NULL,
	`last_id` integer NOT NULL,
	PRIMARY KEY(`day`, `name`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `hidden_comments` (
	`comment_id` integer PRIMARY KEY NOT NULL,
	`post_id` integer NOT NULL,
	`hidden_at` integer NOT NULL,
	`erase_at` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `hidden_comments_erase` ON `hidden_comments` (`erase_at`) WHERE erase_at is not null;
--> statement-breakpoint
CREATE TABLE `hidden_posts` (
	`post_id` integer PRIMARY KEY NOT NULL,
	`owner_id` integer NOT NULL,
	`hidden_at` integer NOT NULL,
	`erase_at` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `hidden_posts_erase` ON `hidden_posts` (`erase_at`) WHERE erase_at is not null;
--> statement-breakpoint
CREATE TABLE `moderation_actions` (
	`id` integer PRIMARY KEY NOT NULL,
	`actor_id` integer,
	`action` text NOT NULL,
	`case_id` integer,
	`user_id` integer,
	`kind` text,
	`subject_id` integer,
	`reason` text,
	`text` text DEFAULT '' NOT NULL,
	`until` integer,
	`is_notice` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `moderation_actions_case` ON `moderation_actions` (`case_id`) WHERE case_id is not null;
--> statement-breakpoint
CREATE INDEX `moderation_actions_user` ON `moderation_actions` (`user_id`) WHERE user_id is not null;
--> statement-breakpoint
CREATE INDEX `moderation_actions_notices` ON `moderation_actions` (`user_id`) WHERE is_notice = 1;
--> statement-breakpoint
CREATE TABLE `reports` (
	`id` integer PRIMARY KEY NOT NULL,
	`case_id` integer NOT NULL,
	`reporter_id` integer NOT NULL,
	`category` text NOT NULL,
	`text` text NOT NULL,
	`evidence` text,
	`evidence_image` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`case_id`) REFERENCES `cases`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`reporter_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reports_reporter_case` ON `reports` (`reporter_id`,`case_id`);
--> statement-breakpoint
CREATE INDEX `reports_case` ON `reports` (`case_id`);
--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `silenced_accounts` (
	`user_id` integer PRIMARY KEY NOT NULL,
	`silenced_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `suspended_accounts` (
	`user_id` integer PRIMARY KEY NOT NULL,
	`until` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `suspended_accounts_until` ON `suspended_accounts` (`until`);
--> statement-breakpoint
ALTER TABLE `posts` ADD `is_sensitive` integer DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE `users` ADD `role` text;
--> statement-breakpoint
insert into sequences (name, deleted) select 'cases', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'cases'), 0)) - count(*) from cases) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
insert into sequences (name, deleted) select 'comments', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'comments'), 0)) - count(*) from comments) + (select count(*) from (select comment_id from hidden_comments)) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
insert into sequences (name, deleted) select 'moderation_actions', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'moderation_actions'), 0)) - count(*) from moderation_actions) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
insert into sequences (name, deleted) select 'posts', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'posts'), 0)) - count(*) from posts) + (select count(*) from (select post_id from hidden_posts)) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
insert into sequences (name, deleted) select 'reports', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'reports'), 0)) - count(*) from reports) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
insert into sequences (name, deleted) select 'users', (select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = 'users'), 0)) - count(*) from users) + (select count(*) from (select user_id from deleted_accounts union select user_id from suspended_accounts)) where true
  on conflict (name) do update set deleted = excluded.deleted;
--> statement-breakpoint
update users as t set posts_count = (select count(*) from posts where owner_id = t.id) - (select count(*) from hidden_posts where owner_id = t.id) where posts_count is not (select count(*) from posts where owner_id = t.id) - (select count(*) from hidden_posts where owner_id = t.id);
--> statement-breakpoint
update posts as t set comments_count = (select count(*) from comments where post_id = t.id) - (select count(*) from hidden_comments where post_id = t.id) where comments_count is not (select count(*) from comments where post_id = t.id) - (select count(*) from hidden_comments where post_id = t.id);
--> statement-breakpoint
update cases as t set reports_count = (select count(*) from reports where case_id = t.id) where reports_count is not (select count(*) from reports where case_id = t.id);
--> statement-breakpoint
update images set refs = 0 where refs <> 0 and hash not in (select hash from (select hash, count(*) as refs from (select image as hash from users union all select image as hash from posts union all select image as hash from messages union all select evidence_image as hash from reports)
    where hash is not null group by hash));
--> statement-breakpoint
insert into images (hash, refs) select hash, refs from (select hash, count(*) as refs from (select image as hash from users union all select image as hash from posts union all select image as hash from messages union all select evidence_image as hash from reports)
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
update users as t set newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = t.id
      AND NOT EXISTS (SELECT 1 FROM `hidden_posts` h WHERE h.post_id = `posts`.id)
      ORDER BY id DESC LIMIT 6)) where newest_images is not (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = t.id
      AND NOT EXISTS (SELECT 1 FROM `hidden_posts` h WHERE h.post_id = `posts`.id)
      ORDER BY id DESC LIMIT 6));
--> statement-breakpoint
CREATE TRIGGER `cases_deleted` AFTER DELETE ON `cases` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'cases';
END;
--> statement-breakpoint
CREATE TRIGGER `comments_deleted` AFTER DELETE ON `comments` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count - 1
    WHERE id = OLD.post_id;
  DELETE FROM `hidden_comments` WHERE comment_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'comment' AND cause_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'reply' AND cause_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'comment_mention' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `deleted_accounts_deleted` AFTER DELETE ON `deleted_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted - 1 WHERE name = 'users' AND NOT EXISTS (SELECT 1 FROM `suspended_accounts` WHERE user_id = OLD.user_id);
END;
--> statement-breakpoint
CREATE TRIGGER `deleted_accounts_inserted` AFTER INSERT ON `deleted_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1 WHERE name = 'users' AND NOT EXISTS (SELECT 1 FROM `suspended_accounts` WHERE user_id = NEW.user_id);
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_comments_deleted` AFTER DELETE ON `hidden_comments` BEGIN
  UPDATE `sequences` SET deleted = deleted - 1 WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count + 1 WHERE id = OLD.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_comments_inserted` AFTER INSERT ON `hidden_comments` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1 WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count - 1 WHERE id = NEW.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_posts_deleted` AFTER DELETE ON `hidden_posts` BEGIN
  UPDATE `sequences` SET deleted = deleted - 1 WHERE name = 'posts';
  UPDATE `users` SET posts_count = posts_count + 1 WHERE id = OLD.owner_id;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = OLD.owner_id
      AND NOT EXISTS (SELECT 1 FROM `hidden_posts` h WHERE h.post_id = `posts`.id)
      ORDER BY id DESC LIMIT 6)) WHERE id = OLD.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_posts_inserted` AFTER INSERT ON `hidden_posts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1 WHERE name = 'posts';
  UPDATE `users` SET posts_count = posts_count - 1 WHERE id = NEW.owner_id;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id
      AND NOT EXISTS (SELECT 1 FROM `hidden_posts` h WHERE h.post_id = `posts`.id)
      ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `moderation_actions_deleted` AFTER DELETE ON `moderation_actions` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'moderation_actions';
END;
--> statement-breakpoint
CREATE TRIGGER `moderation_actions_no_delete` BEFORE DELETE ON `moderation_actions` BEGIN
  SELECT RAISE(ABORT, 'the log of moderation is only added to');
END;
--> statement-breakpoint
CREATE TRIGGER `moderation_actions_no_update` BEFORE UPDATE ON `moderation_actions` BEGIN
  SELECT RAISE(ABORT, 'the log of moderation is only added to');
END;
--> statement-breakpoint
CREATE TRIGGER `posts_deleted` AFTER DELETE ON `posts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'posts';
  UPDATE `users` SET posts_count = posts_count - 1
    WHERE id = OLD.owner_id;
  DELETE FROM `hidden_posts` WHERE post_id = OLD.id;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = OLD.owner_id
      AND NOT EXISTS (SELECT 1 FROM `hidden_posts` h WHERE h.post_id = `posts`.id)
      ORDER BY id DESC LIMIT 6)) WHERE id = OLD.owner_id;
  DELETE FROM `post_search` WHERE rowid = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'post_mention' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_inserted` AFTER INSERT ON `posts` BEGIN
  UPDATE `users` SET posts_count = posts_count + 1
    WHERE id = NEW.owner_id;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id
      AND NOT EXISTS (SELECT 1 FROM `hidden_posts` h WHERE h.post_id = `posts`.id)
      ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
  INSERT INTO `post_search` (rowid, title, owner) VALUES (NEW.id, NEW.title_key, char(19968 + NEW.owner_id / 268435456 % 16384, 19968 + NEW.owner_id / 16384 % 16384, 19968 + NEW.owner_id / 1 % 16384));
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'post_mention', NEW.id, NEW.owner_id, NEW.id, NULL
    FROM `users` r WHERE NEW.updated_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT value ->> 0 FROM json_each(NEW.title_mentions) UNION SELECT value ->> 0 FROM json_each(NEW.content_mentions)) AND r.id IS NOT NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'post_mention' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_updated_image` AFTER UPDATE OF `image` ON `posts` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1, public_refs = public_refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs, public_refs) SELECT NEW.image, 1, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1, public_refs = public_refs + 1;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id
      AND NOT EXISTS (SELECT 1 FROM `hidden_posts` h WHERE h.post_id = `posts`.id)
      ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `reports_deleted` AFTER DELETE ON `reports` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'reports';
  UPDATE `cases` SET reports_count = reports_count - 1
    WHERE id = OLD.case_id;
END;
--> statement-breakpoint
CREATE TRIGGER `reports_deleted_evidence_image` AFTER DELETE ON `reports` WHEN OLD.evidence_image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.evidence_image;
END;
--> statement-breakpoint
CREATE TRIGGER `reports_inserted` AFTER INSERT ON `reports` BEGIN
  UPDATE `cases` SET reports_count = reports_count + 1
    WHERE id = NEW.case_id;
END;
--> statement-breakpoint
CREATE TRIGGER `reports_inserted_evidence_image` AFTER INSERT ON `reports` WHEN NEW.evidence_image IS NOT NULL BEGIN
  INSERT INTO `images` (hash, refs) SELECT NEW.evidence_image, 1 WHERE NEW.evidence_image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `reports_updated_evidence_image` AFTER UPDATE OF `evidence_image` ON `reports` WHEN NEW.evidence_image IS NOT OLD.evidence_image BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.evidence_image;
  INSERT INTO `images` (hash, refs) SELECT NEW.evidence_image, 1 WHERE NEW.evidence_image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `suspended_accounts_deleted` AFTER DELETE ON `suspended_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted - 1 WHERE name = 'users' AND NOT EXISTS (SELECT 1 FROM `deleted_accounts` WHERE user_id = OLD.user_id);
END;
--> statement-breakpoint
CREATE TRIGGER `suspended_accounts_inserted` AFTER INSERT ON `suspended_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1 WHERE name = 'users' AND NOT EXISTS (SELECT 1 FROM `deleted_accounts` WHERE user_id = NEW.user_id);
END;
--> statement-breakpoint
CREATE TRIGGER `users_inserted_username_key` AFTER INSERT ON `users` WHEN NEW.username_key IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `held_usernames`
    WHERE username_key IN (NEW.username_key, NEW.username_skeleton) AND user_id <> NEW.id AND until > unixepoch() * 1000;
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `settings`, json_each(`settings`.value) reserved
    WHERE `settings`.name = 'reserved_names' AND reserved.value = NEW.username_key;
END;
--> statement-breakpoint
CREATE TRIGGER `users_updated_username_key` AFTER UPDATE OF `username_key` ON `users` WHEN NEW.username_key IS NOT OLD.username_key BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `held_usernames`
    WHERE username_key IN (NEW.username_key, NEW.username_skeleton) AND user_id <> NEW.id AND until > unixepoch() * 1000;
  INSERT INTO `held_usernames` (username_key, user_id, until)
    SELECT coalesce(OLD.username_skeleton, OLD.username_key), OLD.id, unixepoch() * 1000 + 2592000000 WHERE NOT EXISTS
      (SELECT 1 FROM `deleted_accounts` WHERE user_id = OLD.id)
    ON CONFLICT (username_key) DO UPDATE SET user_id = excluded.user_id, until = excluded.until;
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM `settings`, json_each(`settings`.value) reserved
    WHERE `settings`.name = 'reserved_names' AND reserved.value = NEW.username_key;
END;
