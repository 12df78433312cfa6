/** `/profiles` */

import { Hono } from 'hono'
import type * as z from 'zod'
import { requireUser } from '../auth/credentials'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv, RequestContext, UserContext } from '../http/env'
import { ApiError } from '../http/errors'
import { idFilters, requireKnown } from '../http/filters'
import { answerPage, pageOf } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { deleteLater, withPicture } from '../images/attach'
import { pictureUrls } from '../images/url'
import { listProfiles, type ProfileOrder, SORT_KEYS, type SortKey } from './list'
import { findProfile, profileExists, updateProfile } from './queries'
import { profileAnswer, profileBody, profileListQuery } from './schemas'
import { profileView } from './view'

/** Existing clients show only the first page. */
const SIZES = { standard: 500, max: 500 }

const MOST_FOLLOWED: ProfileOrder[] = [{ key: 'followers_count', descending: true }]

export const profileRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listProfiles',
      summary: 'Profiles, newest first',
      answers: { 200: pageOf(profileAnswer) },
    }),
    inQuery(profileListQuery),
    async (c) => {
      const query = c.req.valid('query')
      return c.json(await list(c, query, orderings(query.ordering)))
    },
  )

  .get(
    '/most_followed',
    describe({
      id: 'listMostFollowedProfiles',
      summary: 'Profiles, most followed first',
      answers: { 200: pageOf(profileAnswer) },
    }),
    inQuery(profileListQuery),
    async (c) => c.json(await list(c, c.req.valid('query'), MOST_FOLLOWED)),
  )

  .get(
    '/:id{[0-9]+}',
    describe({
      id: 'getProfile',
      summary: 'A profile',
      answers: { 200: profileAnswer },
      errors: ['not_found'],
    }),
    inPath(idParam),
    async (c) => {
      const viewerId = c.var.viewer?.id
      const profile = await findProfile(c.var.db, viewerId, c.req.valid('param').id)
      if (!profile) throw new ApiError('not_found')
      return c.json(profileView(profile, viewerId, pictureUrls(c)))
    },
  )

  .put(
    '/:id{[0-9]+}',
    describe({
      id: 'replaceProfile',
      summary: 'Change a profile',
      answers: { 200: profileAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    body(profileBody, { before: requireOwner }),
    async (c) => c.json(await update(c, c.req.valid('param').id, c.req.valid('json'))),
  )

  .patch(
    '/:id{[0-9]+}',
    describe({
      id: 'updateProfile',
      summary: 'Change some fields of a profile',
      answers: { 200: profileAnswer },
      errors: ['permission_denied', 'not_found'],
    }),
    requireUser,
    inPath(idParam),
    body(profileBody, { before: requireOwner }),
    async (c) => c.json(await update(c, c.req.valid('param').id, c.req.valid('json'))),
  )

async function list(c: RequestContext, query: z.output<typeof profileListQuery>, orders: ProfileOrder[]) {
  const ids = idFilters(query, ['owner__following__followed__profile', 'owner__followed__owner__profile'])
  const filter = {
    following: ids.owner__following__followed__profile,
    followedBy: ids.owner__followed__owner__profile,
  }
  const viewerId = c.var.viewer?.id
  const urls = pictureUrls(c)
  return answerPage(c, query, {
    order: orders.map(({ key, descending }) => `${descending ? '-' : ''}${key}`).join(),
    load: async (window) => {
      const page = await listProfiles(c.var.db, viewerId, filter, orders, window)
      requireKnown(ids, page.known)
      return page
    },
    keyOf: (row) => JSON.parse(row.sortKeys),
    view: (profile) => profileView(profile, viewerId, urls),
    sizes: SIZES,
  })
}

async function update(c: UserContext, id: number, changes: z.output<typeof profileBody>) {
  const { db, user } = c.var
  if (id !== user.id) await requireOwner(c)
  const { image, ...fields } = changes
  const { profile, marked } = await withPicture(c, image, (hash) =>
    updateProfile(db, id, fields, hash, Date.now()),
  )
  deleteLater(c, marked)
  if (!profile) throw new ApiError('not_found')
  return profileView(profile, user.id, pictureUrls(c))
}

/** A profile has its user's id, so only somebody else's needs looking up: to tell 403 from 404. */
async function requireOwner(c: RequestContext) {
  const id = Number(c.req.param('id'))
  if (id === c.var.viewer?.id) return
  throw new ApiError((await profileExists(c.var.db, id)) ? 'permission_denied' : 'not_found')
}

/** The fields of the list that profiles can be ordered by, each once. */
function orderings(value: string | undefined): ProfileOrder[] {
  const orders = new Map<SortKey, ProfileOrder>()
  for (const term of (value ?? '').split(',')) {
    const name = term.trim().replace(/^-/, '')
    if (!Object.hasOwn(SORT_KEYS, name)) continue
    const key = name as SortKey
    if (!orders.has(key)) orders.set(key, { key, descending: term.trim().startsWith('-') })
  }
  return [...orders.values()]
}
