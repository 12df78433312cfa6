/** For schemas, which must not import from the database's folder. */
export { KINDS, LEVELS } from '../db/notification-kinds'
