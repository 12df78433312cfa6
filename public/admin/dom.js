/**
 * Creates an element. Children are nodes or text, so nothing that users wrote is ever parsed as HTML. Properties whose names begin with `on` are
 * listeners, the others attributes. Undefined and false ones are left out.
 */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else element.setAttribute(key, value === true ? '' : value)
  }
  element.append(
    ...children.flat(3).filter((child) => child !== undefined && child !== null && child !== false),
  )
  return element
}

/** A time in the reader's locale. */
export const time = (iso) => h('time', { datetime: iso }, new Date(iso).toLocaleString())

/** When a suspension ends. Bans end in the year 9999. */
export const end = (iso) => (iso.startsWith('9999') ? 'for good' : ['until ', time(iso)])

/** An image; none if its address is not HTTP or HTTPS. */
export const image = (address, alt) =>
  address && /^https?:$/.test(new URL(address, location.href).protocol)
    ? h('img', { src: address, alt, loading: 'lazy' })
    : undefined

/** A section with a heading; none if it would be empty. */
export const section = (title, ...children) =>
  children.flat().filter(Boolean).length > 0 && h('section', {}, h('h2', {}, title), ...children)

export const cards = (items) => h('ul', { class: 'cards' }, ...items)
export const card = (...children) => h('li', { class: 'card' }, ...children)

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`

/** Turns `mark_sensitive` into `mark sensitive`. */
export const spoken = (word) => word.replaceAll('_', ' ')
