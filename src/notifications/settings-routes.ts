/** `/notification-settings`: which notifications a user wants. */

import { requireUser } from '../auth/credentials'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { Hono } from '../http/hono'
import { changeOf } from '../http/ownership'
import { changeSettings, findSettings } from './queries'
import { settingsAnswer, settingsPatch } from './schemas'
import { settingsView } from './shared/view'

export const settingsRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'getNotificationSettings',
      summary: 'Notification settings',
      answers: { 200: settingsAnswer },
    }),
    requireUser,
    async (c) => c.json(settingsView(await findSettings(c.var.db, c.var.user.id))),
  )

  .patch(
    '/',
    describe({
      id: 'updateNotificationSettings',
      summary: 'Change notification settings',
      description:
        'For each kind: `live`, `list` (not sent to channels, `/live/`), or `off` (no new ones; existing ones stay).',
      answers: { 200: settingsAnswer },
    }),
    requireUser,
    body(settingsPatch),
    async (c) =>
      c.json(
        settingsView(
          await changeSettings(c.var.db, c.var.user.id, c.req.valid('json'), changeOf(c, 'settings')),
        ),
      ),
  )
