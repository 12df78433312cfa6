/**
 * Makes an element. Children are nodes or text: nothing that people wrote is ever read as HTML. Properties whose names begin with `on` are
 * listeners, the others attributes; what is undefined or false is left out.
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

/** A time as people here write it. */
export const time = (iso) => h('time', { datetime: iso }, new Date(iso).toLocaleString())

/** Until when somebody is suspended; bans end in the year 9999. */
export const end = (iso) => (iso.startsWith('9999') ? 'for good' : ['until ', time(iso)])

/** An image, of whose address nothing but a web address is taken. */
export const image = (address, alt) =>
  address && /^https?:$/.test(new URL(address, location.href).protocol)
    ? h('img', { src: address, alt, loading: 'lazy' })
    : undefined

/** A section with a heading; none where there is nothing in it. */
export const section = (title, ...children) =>
  children.flat().filter(Boolean).length > 0 && h('section', {}, h('h2', {}, title), ...children)

export const cards = (items) => h('ul', { class: 'cards' }, ...items)
export const card = (...children) => h('li', { class: 'card' }, ...children)

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`

/** `mark_sensitive` as people say it. */
export const spoken = (word) => word.replaceAll('_', ' ')
