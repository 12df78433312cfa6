import { post } from '../api.js'
import { field, form, input } from '../form.js'

/** @param enter Receives the signed-in user. */
export const loginPage = (enter) => [
  form(
    'Sign in',
    async ({ username, password }) => enter((await post('dj-rest-auth/login/', { username, password })).user),
    field(
      'Username',
      'username',
      input({ autocomplete: 'username', autocapitalize: 'none', required: true }),
    ),
    field(
      'Password',
      'password',
      input({ type: 'password', autocomplete: 'current-password', required: true }),
    ),
  ),
]
