DROP TRIGGER `comments_deleted`;
--> statement-breakpoint
DROP TRIGGER `comments_inserted`;
--> statement-breakpoint
DROP TRIGGER `conversations_deleted`;
--> statement-breakpoint
DROP TRIGGER `followers_deleted`;
--> statement-breakpoint
DROP TRIGGER `followers_inserted`;
--> statement-breakpoint
DROP TRIGGER `likes_deleted`;
--> statement-breakpoint
DROP TRIGGER `likes_inserted`;
--> statement-breakpoint
DROP TRIGGER `users_guarded`;
--> statement-breakpoint
CREATE TABLE `notification_settings` (
	`user_id` integer NOT NULL,
	`kind` text NOT NULL,
	`level` text NOT NULL,
	PRIMARY KEY(`user_id`, `kind`),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `notifications` (
	`recipient_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`cause_id` integer NOT NULL,
	`actor_id` integer,
	`post_id` integer,
	`comment_id` integer,
	PRIMARY KEY(`recipient_id`, `seq`),
	FOREIGN KEY (`recipient_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `notifications_cause` ON `notifications` (`kind`,`cause_id`,`recipient_id`);
--> statement-breakpoint
ALTER TABLE `users` ADD `unread_messages` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE `users` ADD `notifications_seen_to` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE `users` ADD `likes_seen_to` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
delete from notifications where kind = 'like' and cause_id not in (select id from likes);
--> statement-breakpoint
delete from notifications where kind = 'comment' and cause_id not in (select id from comments);
--> statement-breakpoint
delete from notifications where kind = 'reply' and cause_id not in (select id from comments);
--> statement-breakpoint
delete from notifications where kind = 'follow' and cause_id not in (select id from followers);
--> statement-breakpoint
update users as t set unread_messages = ((select coalesce(sum(unread_a), 0) from conversations where user_a = t.id) + (select coalesce(sum(unread_b), 0) from conversations where user_b = t.id)) where unread_messages is not ((select coalesce(sum(unread_a), 0) from conversations where user_a = t.id) + (select coalesce(sum(unread_b), 0) from conversations where user_b = t.id));
--> statement-breakpoint
CREATE TRIGGER `comments_deleted` AFTER DELETE ON `comments` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count - 1
    WHERE id = OLD.post_id;
  DELETE FROM `notifications` WHERE kind = 'comment' AND cause_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'reply' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `comments_inserted` AFTER INSERT ON `comments` BEGIN
  UPDATE `posts` SET comments_count = comments_count + 1
    WHERE id = NEW.post_id;
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'comment', NEW.id, NEW.owner_id, NEW.post_id, NEW.id
    FROM `users` r WHERE NEW.created_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT owner_id FROM `posts` WHERE id = NEW.post_id) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'comment' AND level = 'off');
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'reply', NEW.id, NEW.owner_id, NEW.post_id, NEW.id
    FROM `users` r WHERE NEW.created_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT owner_id FROM (SELECT id, owner_id FROM `comments` WHERE post_id = NEW.post_id AND id < NEW.id
      ORDER BY id DESC LIMIT 20)
      WHERE owner_id NOT IN (NEW.owner_id, (SELECT owner_id FROM `posts` WHERE id = NEW.post_id)) GROUP BY owner_id ORDER BY max(id) DESC LIMIT 5) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'reply' AND level = 'off');
END;
--> statement-breakpoint
CREATE TRIGGER `conversations_deleted` AFTER DELETE ON `conversations` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'conversations';
  UPDATE `users` SET unread_messages = unread_messages - OLD.unread_a WHERE id = OLD.user_a AND OLD.unread_a > 0;
  UPDATE `users` SET unread_messages = unread_messages - OLD.unread_b WHERE id = OLD.user_b AND OLD.unread_b > 0;
END;
--> statement-breakpoint
CREATE TRIGGER `conversations_inserted` AFTER INSERT ON `conversations` BEGIN
  UPDATE `users` SET unread_messages = unread_messages + NEW.unread_a WHERE id = NEW.user_a AND NEW.unread_a > 0;
  UPDATE `users` SET unread_messages = unread_messages + NEW.unread_b WHERE id = NEW.user_b AND NEW.unread_b > 0;
END;
--> statement-breakpoint
CREATE TRIGGER `conversations_updated_unread_a` AFTER UPDATE OF `unread_a` ON `conversations` WHEN NEW.unread_a IS NOT OLD.unread_a BEGIN
  UPDATE `users` SET unread_messages = unread_messages + NEW.unread_a - OLD.unread_a WHERE id = NEW.user_a;
END;
--> statement-breakpoint
CREATE TRIGGER `conversations_updated_unread_b` AFTER UPDATE OF `unread_b` ON `conversations` WHEN NEW.unread_b IS NOT OLD.unread_b BEGIN
  UPDATE `users` SET unread_messages = unread_messages + NEW.unread_b - OLD.unread_b WHERE id = NEW.user_b;
END;
--> statement-breakpoint
CREATE TRIGGER `followers_deleted` AFTER DELETE ON `followers` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'followers';
  UPDATE `users` SET following_count = following_count - 1,
      last_following_id = CASE last_following_id WHEN OLD.id
        THEN coalesce((SELECT max(id) FROM `followers` WHERE owner_id = OLD.owner_id), 9007199254740991)
        ELSE last_following_id END
    WHERE id = OLD.owner_id;
  UPDATE `users` SET followers_count = followers_count - 1,
      last_followed_id = CASE last_followed_id WHEN OLD.id
        THEN coalesce((SELECT max(id) FROM `followers` WHERE followed_id = OLD.followed_id), 9007199254740991)
        ELSE last_followed_id END
    WHERE id = OLD.followed_id;
  DELETE FROM `notifications` WHERE kind = 'follow' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `followers_inserted` AFTER INSERT ON `followers` BEGIN
  UPDATE `users` SET following_count = following_count + 1,
      last_following_id = NEW.id
    WHERE id = NEW.owner_id;
  UPDATE `users` SET followers_count = followers_count + 1,
      last_followed_id = NEW.id
    WHERE id = NEW.followed_id;
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'follow', NEW.id, NEW.owner_id, NULL, NULL
    FROM `users` r WHERE NEW.created_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT NEW.followed_id) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'follow' AND level = 'off');
END;
--> statement-breakpoint
CREATE TRIGGER `likes_deleted` AFTER DELETE ON `likes` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'likes';
  UPDATE `users` SET likes_given_count = likes_given_count - 1
    WHERE id = OLD.owner_id;
  UPDATE `posts` SET likes_count = likes_count - 1,
      last_like_id = CASE last_like_id WHEN OLD.id
        THEN coalesce((SELECT max(id) FROM `likes` WHERE post_id = OLD.post_id), 9007199254740991)
        ELSE last_like_id END
    WHERE id = OLD.post_id;
  DELETE FROM `notifications` WHERE kind = 'like' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `likes_inserted` AFTER INSERT ON `likes` BEGIN
  UPDATE `users` SET likes_given_count = likes_given_count + 1
    WHERE id = NEW.owner_id;
  UPDATE `posts` SET likes_count = likes_count + 1,
      last_like_id = NEW.id
    WHERE id = NEW.post_id;
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'like', NEW.id, NEW.owner_id, NEW.post_id, NULL
    FROM `users` r WHERE NEW.created_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT owner_id FROM `posts` WHERE id = NEW.post_id) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'like' AND level = 'off');
END;
--> statement-breakpoint
CREATE TRIGGER `users_guarded` BEFORE DELETE ON `users` WHEN EXISTS (SELECT 1 FROM `posts` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `comments` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `likes` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `followers` WHERE owner_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `followers` WHERE followed_id = OLD.id)
    OR EXISTS (SELECT 1 FROM `conversations` WHERE user_a = OLD.id)
    OR EXISTS (SELECT 1 FROM `conversations` WHERE user_b = OLD.id)
    OR EXISTS (SELECT 1 FROM `notifications` WHERE recipient_id = OLD.id) BEGIN
  SELECT RAISE(ABORT, 'a user is erased in pieces: npm run erase');
END;
