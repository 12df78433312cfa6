import { html } from 'hono/html'
import type { AboutAnswer } from './schemas'

/** The root page: it has no script, and only inline style. */
export const page = ({
  name,
  description,
  docs,
  openapi,
  asyncapi,
  health,
  source,
}: AboutAnswer) => html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${name}</title>
<style>:root{color-scheme:light dark;background:Canvas;color:CanvasText}body{font:1.1rem/1.6 system-ui;max-width:36rem;margin:15vh auto;padding:0 1rem}</style>
<h1>${name}</h1>
<p>${description}
<ul>
<li><a href="${docs}">Reference</a>, where every call can be tried
<li><a href="${openapi}">OpenAPI document</a>, and <a href="${asyncapi}">AsyncAPI</a> for the WebSocket
<li><a href="${health}">Health</a>
${source && html`<li><a href="${source}">Source</a>`}
</ul>
`
