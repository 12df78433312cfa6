/** `/moderation/settings`: for admins. */

import { requireUser } from '../auth/credentials'
import { requireStaff, staffBody } from '../auth/staff'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { Hono } from '../http/hono'
import { changeSettings, readSettings } from './settings-queries'
import { settingsAnswer, settingsPatch } from './settings-schemas'
import { settingsView } from './settings-view'

const admin = requireStaff('admin')

export const serviceSettingsRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'getSettings',
      summary: 'Settings that need no deployment',
      answers: { 200: settingsAnswer },
      errors: ['permission_denied'],
    }),
    requireUser,
    admin,
    async (c) => c.json(settingsView(await readSettings(c.var.db))),
  )

  .patch(
    '/',
    describe({
      id: 'updateSettings',
      summary: 'Change some settings',
      description: 'They take effect with the next request.',
      answers: { 200: settingsAnswer },
      errors: ['permission_denied'],
    }),
    requireUser,
    admin,
    staffBody(settingsPatch),
    async (c) => {
      const { db, user } = c.var
      return c.json(settingsView(await changeSettings(db, user.id, c.req.valid('json'), Date.now())))
    },
  )
