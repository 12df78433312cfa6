/** Forms and their error messages. */
import { h } from './dom.js'

let fields = 0

/** A control with its label and a place for errors of this name. */
export function field(label, name, control, hint) {
  const id = `field-${fields++}`
  control.name = name
  control.setAttribute('aria-describedby', id)
  return h(
    'div',
    { class: 'field' },
    h('label', {}, label, control),
    hint && h('p', { class: 'faint' }, hint),
    h('p', { class: 'wrong', id, 'data-of': name }),
  )
}

export const input = (properties = {}) => h('input', properties)
export const textarea = (properties = {}, text = '') => h('textarea', { rows: 3, ...properties }, text)

/** @param choices Pairs of a value and its label. */
export const select = (choices, chosen) =>
  h('select', {}, ...choices.map(([value, name]) => h('option', { value, selected: value === chosen }, name)))

/** A form that passes its values to `send` as an object. It cannot be submitted twice at once, and shows errors at their fields. */
export function form(button, send, ...children) {
  const wrong = h('p', { class: 'wrong', role: 'alert' })
  const submit = h('button', { class: 'main' }, button)
  const element = h('form', { novalidate: true }, ...children, wrong, submit)
  element.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (submit.disabled) return
    submit.disabled = true
    show(element, wrong, {})
    try {
      await send(Object.fromEntries(new FormData(element)))
    } catch (error) {
      if (error.status === 401) throw error
      show(element, wrong, error.fields ?? {}, error.message)
    } finally {
      submit.disabled = false
    }
  })
  return element
}

/** Shows errors at their fields and focuses the first of these. Errors without a field are shown below the form. */
function show(element, wrong, errors, message = '') {
  let first
  for (const place of element.querySelectorAll('[data-of]')) {
    const told = errors[place.dataset.of]
    const control = element.elements[place.dataset.of]
    place.textContent = Array.isArray(told) ? told.join(' ') : ''
    if (!(control instanceof HTMLElement)) continue
    control.setAttribute('aria-invalid', String(Array.isArray(told)))
    if (Array.isArray(told)) first ??= control
  }
  wrong.textContent = first ? '' : message
  first?.focus()
}

/** A button that calls `act`, never twice at once, and shows errors beside itself. */
export function button(name, act) {
  const wrong = h('span', { class: 'wrong', role: 'alert' })
  const element = h('button', { type: 'button' }, name)
  element.addEventListener('click', async () => {
    element.disabled = true
    wrong.textContent = ''
    try {
      await act()
    } catch (error) {
      if (error.status === 401) throw error
      wrong.textContent = error.message
    } finally {
      element.disabled = false
    }
  })
  return h('span', {}, element, wrong)
}
