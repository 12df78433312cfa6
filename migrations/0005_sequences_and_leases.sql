-- contract: renames only, from before the first deployment; the code before them does not run beside this one.
-- Renames only: rows stay as they are. Then all triggers as src/db/kept.ts declares them.
DROP TRIGGER `posts_inserted`;
--> statement-breakpoint
DROP TRIGGER `posts_deleted`;
--> statement-breakpoint
DROP TRIGGER `posts_retitled`;
--> statement-breakpoint
DROP TRIGGER `users_renamed`;
--> statement-breakpoint
DROP TRIGGER `users_deleted`;
--> statement-breakpoint
DROP TRIGGER `likes_inserted`;
--> statement-breakpoint
DROP TRIGGER `likes_deleted`;
--> statement-breakpoint
DROP TRIGGER `comments_inserted`;
--> statement-breakpoint
DROP TRIGGER `comments_deleted`;
--> statement-breakpoint
DROP TRIGGER `followers_inserted`;
--> statement-breakpoint
DROP TRIGGER `followers_deleted`;
--> statement-breakpoint
DROP TRIGGER `posts_inserted_image`;
--> statement-breakpoint
DROP TRIGGER `posts_deleted_image`;
--> statement-breakpoint
DROP TRIGGER `posts_updated_image`;
--> statement-breakpoint
DROP TRIGGER `users_deleted_image`;
--> statement-breakpoint
DROP TRIGGER `users_updated_image`;
--> statement-breakpoint
DROP TRIGGER `conversations_deleted`;
--> statement-breakpoint
DROP TRIGGER `messages_deleted`;
--> statement-breakpoint
DROP TRIGGER `messages_inserted_image`;
--> statement-breakpoint
DROP TRIGGER `messages_deleted_image`;
--> statement-breakpoint
DROP TRIGGER `messages_updated_image`;
--> statement-breakpoint
DROP TRIGGER `posts_inserted_newest`;
--> statement-breakpoint
DROP TRIGGER `posts_deleted_newest`;
--> statement-breakpoint
DROP TRIGGER `posts_updated_newest`;
--> statement-breakpoint
ALTER TABLE `tallies` RENAME TO `sequences`;
--> statement-breakpoint
ALTER TABLE `images` RENAME COLUMN `claims` TO `leases`;
--> statement-breakpoint
ALTER TABLE `images` RENAME COLUMN `claimed_until` TO `leased_until`;
--> statement-breakpoint
ALTER TABLE `users` RENAME COLUMN `newest_pictures` TO `newest_images`;
--> statement-breakpoint
CREATE TRIGGER `comments_deleted` AFTER DELETE ON `comments` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count - 1
    WHERE id = OLD.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER `comments_inserted` AFTER INSERT ON `comments` BEGIN
  UPDATE `posts` SET comments_count = comments_count + 1
    WHERE id = NEW.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER `conversations_deleted` AFTER DELETE ON `conversations` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'conversations';
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
END;
--> statement-breakpoint
CREATE TRIGGER `followers_inserted` AFTER INSERT ON `followers` BEGIN
  UPDATE `users` SET following_count = following_count + 1,
      last_following_id = NEW.id
    WHERE id = NEW.owner_id;
  UPDATE `users` SET followers_count = followers_count + 1,
      last_followed_id = NEW.id
    WHERE id = NEW.followed_id;
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
END;
--> statement-breakpoint
CREATE TRIGGER `likes_inserted` AFTER INSERT ON `likes` BEGIN
  UPDATE `users` SET likes_given_count = likes_given_count + 1
    WHERE id = NEW.owner_id;
  UPDATE `posts` SET likes_count = likes_count + 1,
      last_like_id = NEW.id
    WHERE id = NEW.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER `messages_deleted` AFTER DELETE ON `messages` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'messages';
END;
--> statement-breakpoint
CREATE TRIGGER `messages_deleted_image` AFTER DELETE ON `messages` WHEN OLD.image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
END;
--> statement-breakpoint
CREATE TRIGGER `messages_inserted_image` AFTER INSERT ON `messages` WHEN NEW.image IS NOT NULL BEGIN
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `messages_updated_image` AFTER UPDATE OF `image` ON `messages` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_deleted` AFTER DELETE ON `posts` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'posts';
  UPDATE `users` SET posts_count = posts_count - 1
    WHERE id = OLD.owner_id;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = OLD.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = OLD.owner_id;
  DELETE FROM `post_search` WHERE rowid = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_deleted_image` AFTER DELETE ON `posts` WHEN OLD.image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_inserted` AFTER INSERT ON `posts` BEGIN
  UPDATE `users` SET posts_count = posts_count + 1
    WHERE id = NEW.owner_id;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
  INSERT INTO `post_search` (rowid, title, owner)
    SELECT NEW.id, NEW.title_key, username_key FROM `users` WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_inserted_image` AFTER INSERT ON `posts` WHEN NEW.image IS NOT NULL BEGIN
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_updated_image` AFTER UPDATE OF `image` ON `posts` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_updated_title_key` AFTER UPDATE OF `title_key` ON `posts` WHEN NEW.title_key IS NOT OLD.title_key BEGIN
  UPDATE `post_search` SET title = NEW.title_key, owner = (SELECT username_key FROM `users` WHERE id = NEW.owner_id)
    WHERE rowid = NEW.id;
END;
--> statement-breakpoint
CREATE TRIGGER `users_deleted` AFTER DELETE ON `users` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'users';
END;
--> statement-breakpoint
CREATE TRIGGER `users_deleted_image` AFTER DELETE ON `users` WHEN OLD.image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
END;
--> statement-breakpoint
CREATE TRIGGER `users_inserted_image` AFTER INSERT ON `users` WHEN NEW.image IS NOT NULL BEGIN
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `users_updated_image` AFTER UPDATE OF `image` ON `users` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `users_updated_username_key` AFTER UPDATE OF `username_key` ON `users` WHEN NEW.username_key IS NOT OLD.username_key BEGIN
  UPDATE `post_search` SET title = (SELECT title_key FROM `posts` WHERE id = post_search.rowid), owner = NEW.username_key
    WHERE rowid IN (SELECT id FROM `posts` WHERE owner_id = NEW.id);
END;
