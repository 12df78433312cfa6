// Swagger UI is dark where the page says so, and does not ask the browser.
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
follow()
dark.addEventListener('change', follow)

// The paths are relative: the page works at /docs/ and at /api/docs/, and calls the API where it is itself.
const prefix = new URL('..', location.href).pathname.replace(/\/$/, '')

const response = await fetch('../openapi.json')
const spec = await response.json()
spec.servers = [{ url: prefix || '/' }]
// Filled in, the example would be one key for all requests: it is meant for Postman, which makes a new one of it each time.
delete spec.components.parameters.IdempotencyKey.example
// Relative to the document.
spec.info.description = spec.info.description.replace('(asyncapi.json)', '(../asyncapi.json)')

window.reference = window.SwaggerUIBundle({
  spec,
  dom_id: '#reference',
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  filter: true,
  // Else a badge is asked for from validator.swagger.io.
  validatorUrl: null,
  // To run login here is to be signed in: the cookies do it.
  withCredentials: true,
})
