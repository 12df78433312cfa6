DROP TRIGGER `moderation_actions_deleted`;
--> statement-breakpoint
delete from notifications where kind = 'moderation' and cause_id not in (select id from moderation_actions);
--> statement-breakpoint
CREATE TRIGGER `moderation_actions_deleted` AFTER DELETE ON `moderation_actions` BEGIN
  UPDATE `sequences` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = 'moderation_actions';
  DELETE FROM `notifications` WHERE kind = 'moderation' AND cause_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER `moderation_actions_inserted` AFTER INSERT ON `moderation_actions` BEGIN
  INSERT INTO `notifications` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(cast(unixepoch('subsec') * 1000 as integer), r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM `notifications` WHERE recipient_id = r.id), 0) + 1),
      'moderation', NEW.id, NULL, NULL, NULL
    FROM `users` r WHERE NEW.created_at > cast(unixepoch('subsec') * 1000 as integer) - 7776000000
    AND r.id IN (SELECT NEW.user_id WHERE NEW.is_notice = 1) AND r.id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM `notification_settings` WHERE user_id = r.id AND kind = 'moderation' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING;
END;
