/** Converts zod's schemas to JSON Schema, with each named schema once under `components`. */
import * as z from 'zod/mini'

export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  prefixItems?: JsonSchema[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  format?: string
  description?: string
  [keyword: string]: unknown
}

/** Collects the schemas that have an `id`; `prefix` is where the document stores them. */
export function components(prefix = '#/components/schemas/') {
  const named: Record<string, JsonSchema> = {}
  return {
    /** By name, sorted. */
    all: () => Object.fromEntries(Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1))),
    add(name: string, schema: JsonSchema): JsonSchema {
      named[name] = schema
      return { $ref: prefix + name }
    },
    resolve: (schema: JsonSchema): JsonSchema =>
      schema.$ref ? (named[schema.$ref.slice(prefix.length)] ?? {}) : schema,
    /** What clients send (`input`) or receive (`output`). */
    of(schema: z.ZodMiniType, io: 'input' | 'output'): JsonSchema {
      const json = z.toJSONSchema(schema, {
        io,
        unrepresentable: 'any',
        // JSON Schema allows more forms of a keyword than zod's type.
        override: ({ jsonSchema }) => tidy(jsonSchema as JsonSchema),
      })
      const {
        $schema: _,
        $defs = {},
        ...rest
      } = JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', `"${prefix}`))
      Object.assign(named, $defs)
      return rest
    },
  }
}

export type Components = ReturnType<typeof components>

/** Changes the schema in place. */
function tidy(schema: JsonSchema): void {
  // Answers may gain fields.
  if (schema.additionalProperties === false) delete schema.additionalProperties
  // The format says the same in fewer words.
  if (schema.format !== undefined) delete schema.pattern
  if (schema.type === 'integer') {
    if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
    if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  }
  const [first, second] = schema.anyOf ?? []
  if (schema.anyOf?.length === 2 && typeof first?.type === 'string' && second?.type === 'null') {
    delete schema.anyOf
    Object.assign(schema, first, { type: [first.type, 'null'] })
  }
  const { properties = {} } = schema
  for (const [name, property] of Object.entries(properties)) {
    if (/^(old_|new_)?password\d?$/.test(name)) properties[name] = { format: 'password', ...property }
  }
}
