ALTER TABLE `users` ADD `newest_pictures` text DEFAULT '[]' NOT NULL;
--> statement-breakpoint

-- Profiles show six pictures each, and lists of profiles are long: kept, a profile is read with its row.
UPDATE `users` SET newest_pictures = (SELECT json_group_array(image) FROM
  (SELECT image FROM `posts` WHERE owner_id = users.id ORDER BY id DESC LIMIT 6));
--> statement-breakpoint
CREATE TRIGGER `posts_inserted_newest` AFTER INSERT ON `posts` BEGIN
  UPDATE `users` SET newest_pictures = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_deleted_newest` AFTER DELETE ON `posts` BEGIN
  UPDATE `users` SET newest_pictures = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = OLD.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = OLD.owner_id;
END;
--> statement-breakpoint
CREATE TRIGGER `posts_updated_newest` AFTER UPDATE OF `image` ON `posts` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `users` SET newest_pictures = (SELECT json_group_array(image) FROM
    (SELECT image FROM `posts` WHERE owner_id = NEW.owner_id ORDER BY id DESC LIMIT 6)) WHERE id = NEW.owner_id;
END;
