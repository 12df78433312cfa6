/** Lists that load page by page, following the API's `next` links. */
import { get } from './api.js'
import { cards, h } from './dom.js'
import { button } from './form.js'

/** The first page of a list, and a button for the next. */
export async function list(path, show, empty) {
  const first = await get(path)
  if (first.results.length === 0) return h('p', { class: 'faint' }, empty)
  const items = cards(first.results.map(show))
  const more = h('div')
  const goOn = (next) =>
    more.replaceChildren(
      ...(next
        ? [
            button('Show more', async () => {
              const page = await get(next)
              const added = page.results.map(show)
              items.append(...added)
              goOn(page.next)
              // The next button has replaced the clicked one, so keyboard users continue at the first new item.
              added[0]?.querySelector('a, button, summary')?.focus()
            }),
          ]
        : []),
    )
  goOn(first.next)
  return h('div', {}, items, more)
}
