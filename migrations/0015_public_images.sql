DROP TRIGGER `posts_deleted_image`;
--> statement-breakpoint
DROP TRIGGER `posts_inserted_image`;
--> statement-breakpoint
DROP TRIGGER `posts_updated_image`;
--> statement-breakpoint
DROP TRIGGER `users_deleted_image`;
--> statement-breakpoint
DROP TRIGGER `users_inserted_image`;
--> statement-breakpoint
DROP TRIGGER `users_updated_image`;
--> statement-breakpoint
ALTER TABLE `images` ADD `public_refs` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
update images set refs = 0 where refs <> 0 and hash not in (select hash from (select hash, count(*) as refs from (select image as hash from users union all select image as hash from posts union all select image as hash from messages)
    where hash is not null group by hash));
--> statement-breakpoint
insert into images (hash, refs) select hash, refs from (select hash, count(*) as refs from (select image as hash from users union all select image as hash from posts union all select image as hash from messages)
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
CREATE TRIGGER `posts_deleted_image` AFTER DELETE ON `posts` WHEN OLD.image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1, public_refs = public_refs - 1 WHERE hash = OLD.image;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_inserted_image` AFTER INSERT ON `posts` WHEN NEW.image IS NOT NULL BEGIN
  INSERT INTO `images` (hash, refs, public_refs) SELECT NEW.image, 1, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1, public_refs = public_refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_updated_image` AFTER UPDATE OF `image` ON `posts` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1, public_refs = public_refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs, public_refs) SELECT NEW.image, 1, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1, public_refs = public_refs + 1;
  UPDATE `users` SET newest_images = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `users_deleted_image` AFTER DELETE ON `users` WHEN OLD.image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1, public_refs = public_refs - 1 WHERE hash = OLD.image;
END;
--> statement-breakpoint
CREATE TRIGGER `users_inserted_image` AFTER INSERT ON `users` WHEN NEW.image IS NOT NULL BEGIN
  INSERT INTO `images` (hash, refs, public_refs) SELECT NEW.image, 1, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1, public_refs = public_refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `users_updated_image` AFTER UPDATE OF `image` ON `users` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1, public_refs = public_refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs, public_refs) SELECT NEW.image, 1, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1, public_refs = public_refs + 1;
END;
