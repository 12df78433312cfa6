/** The collection that Postman makes of the document, run as it is: newman sends every request with its example values. */
import { readFileSync } from 'node:fs'
import newman from 'newman'
import converter from 'openapi-to-postmanv2'
import { ALICE, assert, ORIGIN } from './steps'

const data = readFileSync('openapi.json', 'utf8')
const collection = await new Promise<object>((resolve, reject) => {
  converter.convert({ type: 'string', data }, { parametersResolution: 'Example' }, (error, made) => {
    const [output] = made?.output ?? []
    if (output) resolve(output.data)
    else reject(error ?? new Error(JSON.stringify(made)))
  })
})
const login = await fetch(`${ORIGIN}/dj-rest-auth/login/`, {
  method: 'POST',
  body: new URLSearchParams(ALICE),
})
const { access_token: bearerToken } = (await login.json()) as { access_token: string }

const run = (iterationCount: number) =>
  new Promise<newman.NewmanRunSummary>((resolve, reject) =>
    newman.run(
      {
        collection,
        envVar: [
          { key: 'bearerToken', value: bearerToken },
          { key: 'baseUrl', value: ORIGIN },
        ],
        iterationCount,
      },
      (error, summary) => (error ? reject(error) : resolve(summary)),
    ),
  )
const {
  run: { executions },
} = await run(1)
for (const { item, request, response } of executions)
  console.log(
    response.code,
    request.method,
    request.url.getPath(),
    item.name,
    response.code >= 400 ? response.text()?.slice(0, 100) : '',
  )
assert.ok(executions.length > 50)
