-- Tallies and picture references of messages. Counts of a conversation are kept by its object (src/messaging/changes.ts).
INSERT INTO `tallies` (`name`) VALUES ('conversations'), ('messages');
--> statement-breakpoint
CREATE TRIGGER `conversations_deleted` AFTER DELETE ON `conversations` BEGIN
  UPDATE `tallies` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'conversations';
END;
--> statement-breakpoint
CREATE TRIGGER `messages_deleted` AFTER DELETE ON `messages` BEGIN
  UPDATE `tallies` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'messages';
END;
--> statement-breakpoint
CREATE TRIGGER `messages_inserted_image` AFTER INSERT ON `messages` WHEN NEW.image IS NOT NULL BEGIN
  INSERT INTO `images` (hash, refs) VALUES (NEW.image, 1) ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `messages_deleted_image` AFTER DELETE ON `messages` WHEN OLD.image IS NOT NULL BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
END;
--> statement-breakpoint
CREATE TRIGGER `messages_updated_image` AFTER UPDATE OF `image` ON `messages` WHEN NEW.image IS NOT OLD.image BEGIN
  UPDATE `images` SET refs = refs - 1 WHERE hash = OLD.image;
  INSERT INTO `images` (hash, refs) SELECT NEW.image, 1 WHERE NEW.image IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET refs = refs + 1;
END;
