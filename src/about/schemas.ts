import * as z from 'zod/mini'
import { queryParam } from '../http/params'
import { PARTS } from './health'

export const healthQuery = z.object({
  deep: queryParam('`1`: also checks the services that the API depends on.'),
})

export const aboutAnswer = z
  .object({
    name: z.string(),
    description: z.string(),
    docs: z.url(),
    openapi: z.url(),
    asyncapi: z.url(),
    health: z.url(),
    source: z.nullable(z.url()),
  })
  .register(z.globalRegistry, { id: 'About' })
export type AboutAnswer = z.output<typeof aboutAnswer>

const state = z.enum(['ok', 'failed'])
export const healthAnswer = z
  .object({
    status: state,
    checks: z.optional(z.object({ d1: state, r2: state, durable_object: state })),
    failed: z.optional(z.array(z.enum(PARTS))),
  })
  .register(z.globalRegistry, { id: 'Health' })
export type HealthAnswer = z.output<typeof healthAnswer>
