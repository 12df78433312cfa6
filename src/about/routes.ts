/** The root page, health check and API documents. */

import { asset } from '../http/assets'
import { describe } from '../http/describe'
import type { AppEnv, RequestContext } from '../http/env'
import { Hono } from '../http/hono'
import { inQuery } from '../http/params'
import { asyncApiDocument, openApiDocument } from './documents'
import { checkParts, PARTS } from './health'
import { page } from './page'
import { type AboutAnswer, aboutAnswer, type HealthAnswer, healthAnswer, healthQuery } from './schemas'

/** Allows the page's inline style and no scripts. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

export const aboutRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'about',
      summary: 'About this API',
      description: 'Returns a page to clients that accept HTML.',
      answers: { 200: [aboutAnswer, 'text/html'] },
    }),
    (c) => {
      const about = aboutView(c)
      c.header('vary', 'accept', { append: true })
      if (!c.req.header('accept')?.includes('text/html')) return c.json(about)
      c.header('content-security-policy', PAGE_POLICY)
      // `never`, because the types of clients only include JSON: they do not request the page.
      return c.html(page(about)) as never
    },
  )

  .get(
    '/health',
    describe({
      id: 'health',
      summary: 'Health check',
      answers: { 200: healthAnswer, 503: healthAnswer },
    }),
    inQuery(healthQuery),
    async (c) => {
      if (c.req.valid('query').deep !== '1') return c.json<HealthAnswer, 200>({ status: 'ok' })
      const works = await checkParts(c.env)
      const stateOf = (part: (typeof PARTS)[number]) => (works[part] ? 'ok' : 'failed')
      const checks = {
        d1: stateOf('d1'),
        r2: stateOf('r2'),
        durable_object: stateOf('durable_object'),
      } as const
      const failed = PARTS.filter((part) => !works[part])
      if (failed.length === 0) return c.json<HealthAnswer, 200>({ status: 'ok', checks })
      return c.json<HealthAnswer, 503>({ status: 'failed', checks, failed }, 503)
    },
  )

  .get(
    '/openapi.json',
    describe({ id: 'getOpenApi', summary: 'This document', answers: { 200: 'application/json', 304: null } }),
    openApiDocument,
  )
  .get(
    '/asyncapi.json',
    describe({
      id: 'getAsyncApi',
      summary: 'The AsyncAPI document of the WebSockets',
      answers: { 200: 'application/json', 304: null },
    }),
    asyncApiDocument,
  )
  .get(
    '/docs',
    describe({
      id: 'getDocs',
      summary: 'The API reference',
      answers: { 200: 'text/html', 302: null, 304: null },
    }),
    async (c) => {
      const { pathname } = new URL(c.req.url)
      // The page's own links are relative to its folder.
      return pathname.endsWith('/') ? asset(c, '/docs/') : c.redirect(`${pathname}/`)
    },
  )
  .get(
    '/docs/:file',
    describe({
      id: 'getDocsFile',
      summary: 'Files of the API reference',
      answers: { 200: '*/*', 304: null },
      errors: ['not_found'],
    }),
    (c) => asset(c),
  )

/** Links keep the prefix of the request. */
function aboutView(c: RequestContext): AboutAnswer {
  const { origin, pathname } = new URL(c.req.url)
  const base = origin + (pathname.startsWith('/api') ? '/api' : '')
  return {
    name: 'edge-social-api',
    description: 'Accounts, profiles, posts with images, comments, likes, follows and live messages.',
    docs: `${base}/docs/`,
    openapi: `${base}/openapi.json`,
    asyncapi: `${base}/asyncapi.json`,
    health: `${base}/health`,
    source: c.env.SOURCE_URL || null,
  }
}
