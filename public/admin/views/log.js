import { h } from '../dom.js'
import { entry } from '../entries.js'
import { list } from '../list.js'

/** The audit log, newest first. */
export const logPage = async () => [
  h('p', { class: 'faint' }, 'It is only ever added to.'),
  await list('moderation/log/', entry, 'Nothing was done yet.'),
]
