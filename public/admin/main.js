/** The staff pages: who is signed in, and which page is shown. The API decides what a user may see. */
import { get, post } from './api.js'
import { h } from './dom.js'
import { button } from './form.js'
import { casePage } from './views/case.js'
import { casesPage } from './views/cases.js'
import { logPage } from './views/log.js'
import { loginPage } from './views/login.js'
import { peoplePage } from './views/people.js'
import { personPage } from './views/person.js'
import { postsPage } from './views/posts.js'
import { settingsPage } from './views/settings.js'
import { statisticsPage } from './views/statistics.js'

const PAGES = [
  { name: 'cases', title: 'Cases', list: casesPage, detail: casePage },
  { name: 'people', title: 'People', list: peoplePage, detail: personPage },
  { name: 'posts', title: 'Posts', list: postsPage },
  { name: 'settings', title: 'Settings', list: settingsPage, isForAdmins: true },
  { name: 'statistics', title: 'Statistics', list: statisticsPage },
  { name: 'log', title: 'Log', list: logPage },
]

const place = (id) => document.getElementById(id)
const [main, pages, account, status] = ['main', 'pages', 'account', 'status'].map(place)

let user
/** Counts page requests, so that a late page does not replace a newer one. */
let shown = 0

/** Announces what was done, to screen readers too. */
const say = (text) => {
  status.textContent = text
}

/** Loads and shows the page that the address names. */
async function show() {
  const turn = ++shown
  const [path, query = ''] = location.hash.slice(2).split('?')
  const [name, id] = path.split('/')
  const page = PAGES.find((one) => one.name === name) ?? PAGES[0]
  const build = id && page.detail ? page.detail : page.list
  say('')
  if (!user) return put(signIn(), 'Sign in', turn)
  if (!user.role) return put(refusal(), 'Not for this account', turn)
  for (const link of pages.children)
    link.setAttribute('aria-current', link.dataset.name === page.name ? 'page' : 'false')
  const context = {
    id: Number(id),
    query: new URLSearchParams(query),
    user,
    say,
    reload: async (done) => {
      await show()
      say(done)
    },
  }
  try {
    put(await build(context), page.title, turn)
  } catch (error) {
    if (error.status === 401) return forget()
    put([h('p', { class: 'wrong', role: 'alert' }, error.message)], page.title, turn)
  }
}

function put(content, title, turn) {
  if (turn !== shown) return
  const heading = content.find?.((node) => node.localName === 'h1') ?? h('h1', {}, title)
  heading.tabIndex = -1
  document.title = `${heading.textContent} · Moderation`
  main.replaceChildren(heading, ...content.filter((node) => node && node !== heading))
  heading.focus()
}

const signIn = () => loginPage(async (who) => welcome(who))

const refusal = () => [
  h(
    'p',
    { role: 'alert' },
    `${user.username} does not look after this service: there is nothing to see here.`,
  ),
  button('Sign out', leave),
]

async function leave() {
  await post('dj-rest-auth/logout/')
  await forget()
}

/** Returns to the login page. The address stays, so that signing in leads back to the same page. */
async function forget() {
  user = undefined
  pages.hidden = true
  account.replaceChildren()
  await show()
}

async function welcome(who) {
  user = who
  pages.hidden = !who.role
  pages.replaceChildren(
    ...PAGES.filter(({ isForAdmins }) => !isForAdmins || who.role === 'admin').map(({ name, title }) =>
      h('a', { href: `#/${name}`, 'data-name': name }, title),
    ),
  )
  if (who.role) account.replaceChildren(`${who.username} (${who.role}) `, button('Sign out', leave))
  await show()
}

addEventListener('hashchange', () => show())
addEventListener('unhandledrejection', (event) => {
  if (event.reason?.status !== 401) return
  event.preventDefault()
  forget()
})

const who = await get('dj-rest-auth/user/').catch((error) => (error.status === 401 ? undefined : error))
if (who instanceof Error) main.replaceChildren(h('p', { class: 'wrong', role: 'alert' }, who.message))
else if (who) await welcome(who)
else await show()
