/** `/profiles` */

import type * as z from 'zod/mini'
import { requireUser } from '../auth/credentials'
import { findOwner } from '../db/owned'
import { camelCased } from '../http/camel-case'
import { describe } from '../http/describe'
import type { AppEnv, RequestContext } from '../http/env'
import { ApiError } from '../http/errors'
import { idFilters } from '../http/filters'
import { Hono } from '../http/hono'
import { changeOf, type OwnContext, ownBody, requireOwn } from '../http/ownership'
import { answerPage, pageOf } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { withImage } from '../images/attach'
import { imageUrls } from '../images/url'
import { listProfiles, paging } from './list'
import { type ProfileOrder, profileOrder, readOrdering } from './order'
import { findProfile, OWN_PROFILE, updateProfile } from './queries'
import { PROFILE_LIMITS, profileAnswer, profileBody, profileListQuery } from './schemas'
import { profileView } from './view'

/** Existing clients show only the first page. */
const SIZES = { standard: 500, max: 500 }

const MOST_FOLLOWED = profileOrder([{ field: 'followers_count', descending: true }])

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
      return c.json(await list(c, query, readOrdering(query.ordering)))
    },
  )

  .get(
    '/most_followed',
    describe({
      id: 'listMostFollowedProfiles',
      summary: 'Profiles with the most followers first',
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
      return c.json(profileView(profile, viewerId, imageUrls(c)))
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
    ownBody(OWN_PROFILE, profileBody, PROFILE_LIMITS),
    async (c) => c.json(await update(c, c.req.valid('json'))),
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
    ownBody(OWN_PROFILE, profileBody, PROFILE_LIMITS),
    async (c) => c.json(await update(c, c.req.valid('json'))),
  )

async function list(c: RequestContext, query: z.output<typeof profileListQuery>, order: ProfileOrder) {
  const { ids, check } = idFilters(query, [
    'owner__following__followed__profile',
    'owner__followed__owner__profile',
  ])
  const filter = {
    following: ids.owner__following__followed__profile,
    followedBy: ids.owner__followed__owner__profile,
  }
  const viewerId = c.var.viewer?.id
  const urls = imageUrls(c)
  return answerPage(c, query, {
    order: order.list,
    filter,
    load: async (page) => {
      const found = await listProfiles(c.var.db, viewerId, filter, order, page)
      check((id) => found.existing.has(id))
      return found
    },
    view: (profile) => profileView(profile, viewerId, urls),
    sizes: SIZES,
    ...paging(filter, order),
  })
}

/** A profile has its user's id, so only somebody else's needs looking up: to tell 403 from 404. */
async function update(c: OwnContext, { image, ...fields }: z.output<typeof profileBody>) {
  const { db, user } = c.var
  const { id } = c.req.valid('param')
  if (id !== user.id) requireOwn(await findOwner(db, OWN_PROFILE, id, user.id), user.id)
  const profile = await withImage(c, image, (lease) =>
    updateProfile(db, user.id, camelCased(fields), lease, changeOf(c)),
  )
  if (!profile) throw new ApiError('not_found')
  return profileView(profile, user.id, imageUrls(c))
}
