DROP TRIGGER `posts_deleted`;
--> statement-breakpoint
DROP TRIGGER `posts_inserted`;
--> statement-breakpoint
DROP TRIGGER `comments_deleted`;
--> statement-breakpoint
DROP TRIGGER `comments_inserted`;
--> statement-breakpoint
DROP TRIGGER `followers_inserted`;
--> statement-breakpoint
DROP TRIGGER `likes_inserted`;
--> statement-breakpoint
ALTER TABLE `comments` ADD `mentions` text DEFAULT '[]' NOT NULL;
--> statement-breakpoint
ALTER TABLE `posts` ADD `title_mentions` text DEFAULT '[]' NOT NULL;
--> statement-breakpoint
ALTER TABLE `posts` ADD `content_mentions` text DEFAULT '[]' NOT NULL;
--> statement-breakpoint
delete from notifications where kind = 'like' and cause_id not in (select id from likes);
--> statement-breakpoint
delete from notifications where kind = 'comment' and cause_id not in (select id from comments);
--> statement-breakpoint
delete from notifications where kind = 'reply' and cause_id not in (select id from comments);
--> statement-breakpoint
delete from notifications where kind = 'post_mention' and cause_id not in (select id from posts);
--> statement-breakpoint
delete from notifications where kind = 'comment_mention' and cause_id not in (select id from comments);
--> statement-breakpoint
delete from notifications where kind = 'follow' and cause_id not in (select id from followers);
--> statement-breakpoint
CREATE TRIGGER `comments_deleted` AFTER DELETE ON `comments` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count - 1
    WHERE id = OLD.post_id;
  DELETE FROM `notifications` WHERE kind = 'comment' AND cause_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'reply' AND cause_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'comment_mention' AND cause_id = OLD.id;
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
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'comment' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'reply', NEW.id, NEW.owner_id, NEW.post_id, NEW.id
    FROM `users` r WHERE NEW.created_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT owner_id FROM (SELECT id, owner_id FROM `comments` WHERE post_id = NEW.post_id AND id < NEW.id
      ORDER BY id DESC LIMIT 20)
      WHERE owner_id NOT IN (NEW.owner_id, (SELECT owner_id FROM `posts` WHERE id = NEW.post_id)) AND owner_id NOT IN (SELECT value ->> 0 FROM json_each(NEW.mentions)) GROUP BY owner_id ORDER BY max(id) DESC LIMIT 5) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'reply' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'comment_mention', NEW.id, NEW.owner_id, NEW.post_id, NEW.id
    FROM `users` r WHERE NEW.updated_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT value ->> 0 FROM json_each(NEW.mentions) EXCEPT SELECT owner_id FROM `posts` WHERE id = NEW.post_id) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'comment_mention' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
END;
--> statement-breakpoint
CREATE TRIGGER `comments_updated_mentions` AFTER UPDATE OF `mentions` ON `comments` WHEN NEW.mentions IS NOT OLD.mentions BEGIN
  DELETE FROM `notifications` WHERE kind = 'comment_mention' AND cause_id = NEW.id AND recipient_id NOT IN (SELECT value ->> 0 FROM json_each(NEW.mentions) EXCEPT SELECT owner_id FROM `posts` WHERE id = NEW.post_id);
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'comment_mention', NEW.id, NEW.owner_id, NEW.post_id, NEW.id
    FROM `users` r WHERE NEW.updated_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT value ->> 0 FROM json_each(NEW.mentions) EXCEPT SELECT owner_id FROM `posts` WHERE id = NEW.post_id) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'comment_mention' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
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
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'follow' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
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
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'like' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_deleted` AFTER DELETE ON `posts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'posts';
  UPDATE `users` SET posts_count = posts_count - 1
    WHERE id = OLD.owner_id;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = OLD.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = OLD.owner_id;
  DELETE FROM `post_search` WHERE rowid = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'post_mention' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_inserted` AFTER INSERT ON `posts` BEGIN
  UPDATE `users` SET posts_count = posts_count + 1
    WHERE id = NEW.owner_id;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
  INSERT INTO `post_search` (rowid, title, owner) VALUES (NEW.id, NEW.title_key, char(19968 + NEW.owner_id / 268435456 % 16384, 19968 + NEW.owner_id / 16384 % 16384, 19968 + NEW.owner_id / 1 % 16384));
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'post_mention', NEW.id, NEW.owner_id, NEW.id, NULL
    FROM `users` r WHERE NEW.updated_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT value ->> 0 FROM json_each(NEW.title_mentions) UNION SELECT value ->> 0 FROM json_each(NEW.content_mentions)) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'post_mention' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_updated_content_mentions` AFTER UPDATE OF `content_mentions` ON `posts` WHEN NEW.content_mentions IS NOT OLD.content_mentions BEGIN
  DELETE FROM `notifications` WHERE kind = 'post_mention' AND cause_id = NEW.id AND recipient_id NOT IN (SELECT value ->> 0 FROM json_each(NEW.title_mentions) UNION SELECT value ->> 0 FROM json_each(NEW.content_mentions));
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'post_mention', NEW.id, NEW.owner_id, NEW.id, NULL
    FROM `users` r WHERE NEW.updated_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT value ->> 0 FROM json_each(NEW.title_mentions) UNION SELECT value ->> 0 FROM json_each(NEW.content_mentions)) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'post_mention' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_updated_title_mentions` AFTER UPDATE OF `title_mentions` ON `posts` WHEN NEW.title_mentions IS NOT OLD.title_mentions BEGIN
  DELETE FROM `notifications` WHERE kind = 'post_mention' AND cause_id = NEW.id AND recipient_id NOT IN (SELECT value ->> 0 FROM json_each(NEW.title_mentions) UNION SELECT value ->> 0 FROM json_each(NEW.content_mentions));
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'post_mention', NEW.id, NEW.owner_id, NEW.id, NULL
    FROM `users` r WHERE NEW.updated_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT value ->> 0 FROM json_each(NEW.title_mentions) UNION SELECT value ->> 0 FROM json_each(NEW.content_mentions)) AND r.id <> NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'post_mention' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
END;
