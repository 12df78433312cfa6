/** For schemas, which speak of no database. */
export { KINDS, LEVELS } from '../db/notification-kinds'
