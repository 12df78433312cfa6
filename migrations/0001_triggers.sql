-- What drizzle's schema cannot express: the rows of `tallies`, the search index, and the triggers that keep
-- counts, picture references and search text right on every path, cascades and hand-written SQL included.

INSERT INTO `tallies` (`name`) VALUES ('users'), ('posts'), ('comments'), ('likes'), ('followers');
--> statement-breakpoint

-- Title and owner's name of each post, already folded; the rowid is the post's id. Contentless: it stores the index only.
CREATE VIRTUAL TABLE `post_search` USING fts5(title, owner, content='', contentless_delete=1, tokenize='trigram case_sensitive 1');
--> statement-breakpoint

CREATE TRIGGER `posts_inserted` AFTER INSERT ON `posts` BEGIN
  UPDATE `users` SET posts_count = posts_count + 1 WHERE id = NEW.owner_id;
  INSERT INTO `post_search` (rowid, title, owner)
    SELECT NEW.id, NEW.title_key, username_key FROM `users` WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_deleted` AFTER DELETE ON `posts` BEGIN
  UPDATE `tallies` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'posts';
  UPDATE `users` SET posts_count = posts_count - 1 WHERE id = OLD.owner_id;
  DELETE FROM `post_search` WHERE rowid = OLD.id;
END;
--> statement-breakpoint
-- A contentless index takes new values for all its columns or none.
CREATE TRIGGER `posts_retitled` AFTER UPDATE OF `title_key` ON `posts` WHEN NEW.title_key IS NOT OLD.title_key BEGIN
  UPDATE `post_search` SET title = NEW.title_key, owner = (SELECT username_key FROM `users` WHERE id = NEW.owner_id)
    WHERE rowid = NEW.id;
END;
--> statement-breakpoint
CREATE TRIGGER `users_renamed` AFTER UPDATE OF `username_key` ON `users` WHEN NEW.username_key IS NOT OLD.username_key BEGIN
  UPDATE `post_search` SET title = (SELECT title_key FROM `posts` WHERE id = post_search.rowid), owner = NEW.username_key
    WHERE rowid IN (SELECT id FROM `posts` WHERE owner_id = NEW.id);
END;
--> statement-breakpoint
CREATE TRIGGER `users_deleted` AFTER DELETE ON `users` BEGIN
  UPDATE `tallies` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'users';
END;
--> statement-breakpoint

-- Likes. 9007199254740991 is NEVER of src/db/schema.ts.
CREATE TRIGGER `likes_inserted` AFTER INSERT ON `likes` BEGIN
  UPDATE `posts` SET likes_count = likes_count + 1, last_like_id = NEW.id WHERE id = NEW.post_id;
  UPDATE `users` SET likes_given_count = likes_given_count + 1 WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `likes_deleted` AFTER DELETE ON `likes` BEGIN
  UPDATE `tallies` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'likes';
  UPDATE `posts` SET likes_count = likes_count - 1,
      last_like_id = coalesce((SELECT max(id) FROM `likes` WHERE post_id = OLD.post_id), 9007199254740991)
    WHERE id = OLD.post_id;
  UPDATE `users` SET likes_given_count = likes_given_count - 1 WHERE id = OLD.owner_id;
END;
--> statement-breakpoint

CREATE TRIGGER `comments_inserted` AFTER INSERT ON `comments` BEGIN
  UPDATE `posts` SET comments_count = comments_count + 1 WHERE id = NEW.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER `comments_deleted` AFTER DELETE ON `comments` BEGIN
  UPDATE `tallies` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'comments';
  UPDATE `posts` SET comments_count = comments_count - 1 WHERE id = OLD.post_id;
END;
--> statement-breakpoint

CREATE TRIGGER `followers_inserted` AFTER INSERT ON `followers` BEGIN
  UPDATE `users` SET following_count = following_count + 1, last_following_id = NEW.id WHERE id = NEW.owner_id;
  UPDATE `users` SET followers_count = followers_count + 1, last_followed_id = NEW.id WHERE id = NEW.followed_id;
END;
--> statement-breakpoint
CREATE TRIGGER `followers_deleted` AFTER DELETE ON `followers` BEGIN
  UPDATE `tallies` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'followers';
  UPDATE `users` SET following_count = following_count - 1,
      last_following_id = CASE last_following_id WHEN OLD.id
        THEN coalesce((SELECT max(id) FROM `followers` WHERE owner_id = OLD.owner_id), 9007199254740991)
        ELSE last_following_id END
    WHERE id = OLD.owner_id;
  UPDATE `users` SET followers_count = followers_count - 1,
      last_followed_id = coalesce((SELECT max(id) FROM `followers` WHERE followed_id = OLD.followed_id), 9007199254740991)
    WHERE id = OLD.followed_id;
END;
--> statement-breakpoint

-- Who shows a picture. An upload has made the row of `images` before (images/store.ts).
CREATE TRIGGER `posts_inserted_image` AFTER INSERT ON `posts` WHEN NEW.image IS NOT NULL BEGIN
  INSERT INTO `images` (hash, refs) VALUES (NEW.image, 1) ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_deleted_image` AFTER DELETE ON `posts` WHEN OLD.image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_updated_image` AFTER UPDATE OF `image` ON `posts` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `users_deleted_image` AFTER DELETE ON `users` WHEN OLD.image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
END;
--> statement-breakpoint
CREATE TRIGGER `users_updated_image` AFTER UPDATE OF `image` ON `users` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
