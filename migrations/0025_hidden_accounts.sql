DROP TRIGGER `likes_deleted`;
--> statement-breakpoint
DROP TRIGGER `followers_deleted`;
--> statement-breakpoint
DROP TRIGGER `comments_deleted`;
--> statement-breakpoint
DROP TRIGGER `deleted_accounts_deleted`;
--> statement-breakpoint
DROP TRIGGER `deleted_accounts_inserted`;
--> statement-breakpoint
DROP TRIGGER `hidden_comments_deleted`;
--> statement-breakpoint
DROP TRIGGER `hidden_comments_inserted`;
--> statement-breakpoint
DROP TRIGGER `hidden_posts_deleted`;
--> statement-breakpoint
DROP TRIGGER `hidden_posts_inserted`;
--> statement-breakpoint
DROP TRIGGER `posts_deleted`;
--> statement-breakpoint
DROP TRIGGER `suspended_accounts_deleted`;
--> statement-breakpoint
DROP TRIGGER `suspended_accounts_inserted`;
--> statement-breakpoint
CREATE TABLE `account_hidings` (
	`user_id` integer PRIMARY KEY NOT NULL,
	`likes_to` integer DEFAULT 0 NOT NULL,
	`comments_to` integer DEFAULT 0 NOT NULL,
	`following_to` integer DEFAULT 0 NOT NULL,
	`followers_to` integer DEFAULT 0 NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `comments` ADD `is_owner_hidden` integer DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE `followers` ADD `is_owner_hidden` integer DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE `followers` ADD `is_followed_hidden` integer DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE `likes` ADD `is_owner_hidden` integer DEFAULT false NOT NULL;
--> statement-breakpoint
update users as t set posts_count = (select count(*) from posts r where r.owner_id = t.id and NOT EXISTS (SELECT 1 FROM `hidden_posts` WHERE post_id = r.id)) where posts_count is not (select count(*) from posts r where r.owner_id = t.id and NOT EXISTS (SELECT 1 FROM `hidden_posts` WHERE post_id = r.id));
--> statement-breakpoint
update users as t set following_count = (select count(*) from followers r where r.owner_id = t.id and r.is_followed_hidden = 0) where following_count is not (select count(*) from followers r where r.owner_id = t.id and r.is_followed_hidden = 0);
--> statement-breakpoint
update users as t set last_following_id = coalesce((SELECT max(id) FROM `followers` WHERE owner_id = t.id), 9007199254740991) where last_following_id is not coalesce((SELECT max(id) FROM `followers` WHERE owner_id = t.id), 9007199254740991);
--> statement-breakpoint
update users as t set followers_count = (select count(*) from followers r where r.followed_id = t.id and r.is_owner_hidden = 0) where followers_count is not (select count(*) from followers r where r.followed_id = t.id and r.is_owner_hidden = 0);
--> statement-breakpoint
update users as t set last_followed_id = coalesce((SELECT max(id) FROM `followers` WHERE followed_id = t.id), 9007199254740991) where last_followed_id is not coalesce((SELECT max(id) FROM `followers` WHERE followed_id = t.id), 9007199254740991);
--> statement-breakpoint
update posts as t set likes_count = (select count(*) from likes r where r.post_id = t.id and r.is_owner_hidden = 0) where likes_count is not (select count(*) from likes r where r.post_id = t.id and r.is_owner_hidden = 0);
--> statement-breakpoint
update posts as t set last_like_id = coalesce((SELECT max(id) FROM `likes` WHERE post_id = t.id), 9007199254740991) where last_like_id is not coalesce((SELECT max(id) FROM `likes` WHERE post_id = t.id), 9007199254740991);
--> statement-breakpoint
update posts as t set comments_count = (select count(*) from comments r where r.post_id = t.id and r.is_owner_hidden = 0 AND NOT EXISTS (SELECT 1 FROM `hidden_comments` WHERE comment_id = r.id)) where comments_count is not (select count(*) from comments r where r.post_id = t.id and r.is_owner_hidden = 0 AND NOT EXISTS (SELECT 1 FROM `hidden_comments` WHERE comment_id = r.id));
--> statement-breakpoint
insert into account_hidings (user_id) select distinct owner_id from likes t where is_owner_hidden is not (exists (select 1 from deleted_accounts where user_id = t.owner_id) or exists (select 1 from suspended_accounts where user_id = t.owner_id)) and owner_id not in (select user_id from account_hidings);
--> statement-breakpoint
insert into account_hidings (user_id) select distinct owner_id from comments t where is_owner_hidden is not (exists (select 1 from deleted_accounts where user_id = t.owner_id) or exists (select 1 from suspended_accounts where user_id = t.owner_id)) and owner_id not in (select user_id from account_hidings);
--> statement-breakpoint
insert into account_hidings (user_id) select distinct owner_id from followers t where is_owner_hidden is not (exists (select 1 from deleted_accounts where user_id = t.owner_id) or exists (select 1 from suspended_accounts where user_id = t.owner_id)) and owner_id not in (select user_id from account_hidings);
--> statement-breakpoint
insert into account_hidings (user_id) select distinct followed_id from followers t where is_followed_hidden is not (exists (select 1 from deleted_accounts where user_id = t.followed_id) or exists (select 1 from suspended_accounts where user_id = t.followed_id)) and followed_id not in (select user_id from account_hidings);
--> statement-breakpoint
CREATE TRIGGER `comments_deleted` AFTER DELETE ON `comments` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count - (OLD.is_owner_hidden = 0 AND NOT EXISTS (SELECT 1 FROM `hidden_comments` WHERE comment_id = OLD.id))
    WHERE id = OLD.post_id;
  DELETE FROM `hidden_comments` WHERE comment_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'comment' AND cause_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'reply' AND cause_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'comment_mention' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `comments_updated_is_owner_hidden` AFTER UPDATE OF `is_owner_hidden` ON `comments` WHEN NEW.is_owner_hidden IS NOT OLD.is_owner_hidden BEGIN
  UPDATE `posts` SET comments_count = comments_count + OLD.is_owner_hidden - NEW.is_owner_hidden
    WHERE id = NEW.post_id
    AND NOT EXISTS (SELECT 1 FROM `hidden_comments` WHERE comment_id = NEW.id);
END;
--> statement-breakpoint
CREATE TRIGGER `deleted_accounts_deleted` AFTER DELETE ON `deleted_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted - 1 WHERE name = 'users' AND NOT EXISTS (SELECT 1 FROM `suspended_accounts` WHERE user_id = OLD.user_id);
  INSERT INTO `account_hidings` (user_id) VALUES (OLD.user_id) ON CONFLICT (user_id) DO UPDATE SET likes_to = 0, comments_to = 0, following_to = 0, followers_to = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `deleted_accounts_inserted` AFTER INSERT ON `deleted_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1 WHERE name = 'users' AND NOT EXISTS (SELECT 1 FROM `suspended_accounts` WHERE user_id = NEW.user_id);
  INSERT INTO `account_hidings` (user_id) VALUES (NEW.user_id) ON CONFLICT (user_id) DO UPDATE SET likes_to = 0, comments_to = 0, following_to = 0, followers_to = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `followers_deleted` AFTER DELETE ON `followers` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'followers';
  UPDATE `users` SET following_count = following_count - (OLD.is_followed_hidden = 0),
      last_following_id = CASE last_following_id WHEN OLD.id
        THEN coalesce((SELECT max(id) FROM `followers` WHERE owner_id = OLD.owner_id), 9007199254740991)
        ELSE last_following_id END
    WHERE id = OLD.owner_id;
  UPDATE `users` SET followers_count = followers_count - (OLD.is_owner_hidden = 0),
      last_followed_id = CASE last_followed_id WHEN OLD.id
        THEN coalesce((SELECT max(id) FROM `followers` WHERE followed_id = OLD.followed_id), 9007199254740991)
        ELSE last_followed_id END
    WHERE id = OLD.followed_id;
  DELETE FROM `notifications` WHERE kind = 'follow' AND cause_id = OLD.id;
  DELETE FROM `notifications` WHERE kind = 'accepted' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `followers_updated_is_followed_hidden` AFTER UPDATE OF `is_followed_hidden` ON `followers` WHEN NEW.is_followed_hidden IS NOT OLD.is_followed_hidden BEGIN
  UPDATE `users` SET following_count = following_count + OLD.is_followed_hidden - NEW.is_followed_hidden
    WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `followers_updated_is_owner_hidden` AFTER UPDATE OF `is_owner_hidden` ON `followers` WHEN NEW.is_owner_hidden IS NOT OLD.is_owner_hidden BEGIN
  UPDATE `users` SET followers_count = followers_count + OLD.is_owner_hidden - NEW.is_owner_hidden
    WHERE id = NEW.followed_id;
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_comments_deleted` AFTER DELETE ON `hidden_comments` BEGIN
  UPDATE `sequences` SET deleted = deleted - 1 WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count + 1 WHERE id = OLD.post_id
    AND EXISTS (SELECT 1 FROM `comments` WHERE id = OLD.comment_id AND is_owner_hidden = 0);
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_comments_inserted` AFTER INSERT ON `hidden_comments` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1 WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count - 1 WHERE id = NEW.post_id
    AND EXISTS (SELECT 1 FROM `comments` WHERE id = NEW.comment_id AND is_owner_hidden = 0);
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_posts_deleted` AFTER DELETE ON `hidden_posts` BEGIN
  UPDATE `sequences` SET deleted = deleted - 1 WHERE name = 'posts';
  UPDATE `users` SET posts_count = posts_count + 1 WHERE id = OLD.owner_id
    AND EXISTS (SELECT 1 FROM `posts` WHERE id = OLD.post_id);
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = OLD.owner_id
      AND NOT EXISTS (SELECT 1 FROM `hidden_posts` h WHERE h.post_id = `posts`.id)
      ORDER BY id DESC LIMIT 6)) WHERE id = OLD.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `hidden_posts_inserted` AFTER INSERT ON `hidden_posts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1 WHERE name = 'posts';
  UPDATE `users` SET posts_count = posts_count - 1 WHERE id = NEW.owner_id
    AND EXISTS (SELECT 1 FROM `posts` WHERE id = NEW.post_id);
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id
      AND NOT EXISTS (SELECT 1 FROM `hidden_posts` h WHERE h.post_id = `posts`.id)
      ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `likes_deleted` AFTER DELETE ON `likes` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'likes';
  UPDATE `users` SET likes_given_count = likes_given_count - 1
    WHERE id = OLD.owner_id;
  UPDATE `posts` SET likes_count = likes_count - (OLD.is_owner_hidden = 0),
      last_like_id = CASE last_like_id WHEN OLD.id
        THEN coalesce((SELECT max(id) FROM `likes` WHERE post_id = OLD.post_id), 9007199254740991)
        ELSE last_like_id END
    WHERE id = OLD.post_id;
  DELETE FROM `notifications` WHERE kind = 'like' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `likes_updated_is_owner_hidden` AFTER UPDATE OF `is_owner_hidden` ON `likes` WHEN NEW.is_owner_hidden IS NOT OLD.is_owner_hidden BEGIN
  UPDATE `posts` SET likes_count = likes_count + OLD.is_owner_hidden - NEW.is_owner_hidden
    WHERE id = NEW.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_deleted` AFTER DELETE ON `posts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'posts';
  UPDATE `users` SET posts_count = posts_count - (NOT EXISTS (SELECT 1 FROM `hidden_posts` WHERE post_id = OLD.id))
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
CREATE TRIGGER `suspended_accounts_deleted` AFTER DELETE ON `suspended_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted - 1 WHERE name = 'users' AND NOT EXISTS (SELECT 1 FROM `deleted_accounts` WHERE user_id = OLD.user_id);
  INSERT INTO `account_hidings` (user_id) VALUES (OLD.user_id) ON CONFLICT (user_id) DO UPDATE SET likes_to = 0, comments_to = 0, following_to = 0, followers_to = 0;
END;
--> statement-breakpoint
CREATE TRIGGER `suspended_accounts_inserted` AFTER INSERT ON `suspended_accounts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1 WHERE name = 'users' AND NOT EXISTS (SELECT 1 FROM `deleted_accounts` WHERE user_id = NEW.user_id);
  INSERT INTO `account_hidings` (user_id) VALUES (NEW.user_id) ON CONFLICT (user_id) DO UPDATE SET likes_to = 0, comments_to = 0, following_to = 0, followers_to = 0;
END;
