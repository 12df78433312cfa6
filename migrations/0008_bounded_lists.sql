DROP TRIGGER `posts_inserted`;
--> statement-breakpoint
DROP TRIGGER `posts_updated_title_key`;
--> statement-breakpoint
DROP TRIGGER `users_deleted`;
--> statement-breakpoint
DROP TRIGGER `users_updated_username_key`;
--> statement-breakpoint
CREATE TABLE `jobs` (
	`name` text PRIMARY KEY NOT NULL,
	`done_to` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE `users` ADD `search_key` text DEFAULT '' NOT NULL;
--> statement-breakpoint
CREATE INDEX `followers_owner` ON `followers` (`owner_id`);
--> statement-breakpoint
CREATE VIRTUAL TABLE `user_search` USING fts5(name, content='', contentless_delete=1, tokenize='trigram case_sensitive 1');
--> statement-breakpoint
-- Until the job of `search-keys.ts` has come by, in pieces: names as they were searched so far.
UPDATE `users` SET search_key = username_key;
--> statement-breakpoint
-- What it held of owners was their names.
INSERT INTO `post_search` (`post_search`) VALUES ('delete-all');
--> statement-breakpoint
delete from post_search where rowid not in (select id from posts);
--> statement-breakpoint
insert into post_search (rowid, title, owner)
  select p.id, p.title_key, char(19968 + p.owner_id / 268435456 % 16384, 19968 + p.owner_id / 16384 % 16384, 19968 + p.owner_id / 1 % 16384) from posts p where p.id not in (select rowid from post_search);
--> statement-breakpoint
delete from user_search where rowid not in (select id from users);
--> statement-breakpoint
insert into user_search (rowid, name)
  select id, search_key from users where id not in (select rowid from user_search);
--> statement-breakpoint
CREATE TRIGGER `posts_inserted` AFTER INSERT ON `posts` BEGIN
  UPDATE `users` SET posts_count = posts_count + 1
    WHERE id = NEW.owner_id;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
  INSERT INTO `post_search` (rowid, title, owner) VALUES (NEW.id, NEW.title_key, char(19968 + NEW.owner_id / 268435456 % 16384, 19968 + NEW.owner_id / 16384 % 16384, 19968 + NEW.owner_id / 1 % 16384));
END;
--> statement-breakpoint
CREATE TRIGGER `posts_updated_title_key` AFTER UPDATE OF `title_key` ON `posts` WHEN NEW.title_key IS NOT OLD.title_key BEGIN
  UPDATE `post_search` SET title = NEW.title_key, owner = char(19968 + NEW.owner_id / 268435456 % 16384, 19968 + NEW.owner_id / 16384 % 16384, 19968 + NEW.owner_id / 1 % 16384) WHERE rowid = NEW.id;
END;
--> statement-breakpoint
CREATE TRIGGER `users_deleted` AFTER DELETE ON `users` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'users';
  DELETE FROM `user_search` WHERE rowid = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `users_inserted` AFTER INSERT ON `users` BEGIN
  INSERT INTO `user_search` (rowid, name) VALUES (NEW.id, NEW.search_key);
END;
--> statement-breakpoint
CREATE TRIGGER `users_updated_search_key` AFTER UPDATE OF `search_key` ON `users` WHEN NEW.search_key IS NOT OLD.search_key BEGIN
  UPDATE `user_search` SET name = NEW.search_key WHERE rowid = NEW.id;
END;
