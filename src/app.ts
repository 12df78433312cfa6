/** The map: what happens to a request, in order, and which paths there are. */

import { getPath } from 'hono/utils/url'
import { aboutRoutes } from './about/routes'
import { exportRoutes } from './account/export-routes'
import { accountRoutes } from './auth/account-routes'
import { authenticate, clearBadCookies, requireUser } from './auth/credentials'
import { deletionRoutes } from './auth/deletion-routes'
import { emailRoutes } from './auth/email-routes'
import { refuseFloods, refuseScans } from './auth/floods'
import { passwordResetRoutes } from './auth/password-reset-routes'
import { authRoutes } from './auth/routes'
import { sessionRoutes } from './auth/session-routes'
import { admitSuspended } from './auth/suspended'
import { blockRoutes } from './boundaries/block-routes'
import { muteRoutes } from './boundaries/mute-routes'
import { commentRoutes } from './comments/routes'
import { requestRoutes } from './followers/request-routes'
import { followerRoutes } from './followers/routes'
import type { AppEnv } from './http/env'
import { asApiError, onError } from './http/errors'
import { anyOrigin, checkRequest, crossOrigin, observe, secureHeaders } from './http/headers'
import { Hono } from './http/hono'
import { noRoute } from './http/methods'
import { negotiate } from './http/negotiate'
import { deleteMarkedImages } from './images/attach'
import { mediaRoutes } from './images/routes'
import { likeRoutes } from './likes/routes'
import { liveRoutes } from './live/worker/routes'
import { tellChannels, tellEnded } from './live/worker/tell'
import { closeEndedSessions, closeParted } from './messaging/worker/close-sockets'
import { chatRoutes, conversationRoutes } from './messaging/worker/conversation-routes'
import { errorsInLists, MESSAGE_CALLS } from './messaging/worker/error-lists'
import { messageImageRoutes } from './messaging/worker/image-routes'
import { messageRoutes } from './messaging/worker/message-routes'
import { offerModeration } from './messaging/worker/moderate-message'
import { caseImageRoutes } from './moderation/case-image-routes'
import { caseRoutes } from './moderation/case-routes'
import { logRoutes } from './moderation/log-routes'
import { noticeRoutes } from './moderation/notice-routes'
import { personRoutes } from './moderation/person-routes'
import { staffPostRoutes } from './moderation/post-routes'
import { reportRoutes } from './moderation/report-routes'
import { serviceSettingsRoutes } from './moderation/settings-routes'
import { statisticsRoutes } from './moderation/statistics-routes'
import { notificationRoutes } from './notifications/routes'
import { settingsRoutes } from './notifications/settings-routes'
import { postRoutes } from './posts/routes'
import { profileRoutes } from './profiles/routes'
import { userRoutes } from './users/routes'

export const app = new Hono<AppEnv>({ getPath: canonicalPath })
app.onError((error, c) => {
  clearBadCookies(c, asApiError(error))
  return onError(error, c)
})
app.notFound((c) => {
  throw noRoute(app, c, requireUser)
})

app.use(MESSAGE_CALLS, errorsInLists)

export const routes = app
  .use(observe)
  .use(secureHeaders)
  .use(checkRequest)
  .use('/media/*', anyOrigin)
  .route('/media', mediaRoutes)
  .use(crossOrigin)
  .use(refuseFloods)
  .route('/media/messages', messageImageRoutes)
  .route('/', aboutRoutes)
  .use(negotiate)
  .use(closeEndedSessions)
  .use(closeParted)
  .use(tellEnded)
  .use(tellChannels)
  .use(deleteMarkedImages)
  .route('/dj-rest-auth', authRoutes)
  .route('/dj-rest-auth/registration', emailRoutes)
  .use('/moderation/notices/*', admitSuspended)
  .use(authenticate)
  .use(refuseScans)
  .route('/dj-rest-auth', accountRoutes)
  .route('/dj-rest-auth', deletionRoutes)
  .route('/dj-rest-auth/password/reset', passwordResetRoutes)
  .route('/sessions', sessionRoutes)
  .route('/export', exportRoutes)
  .route('/users', userRoutes)
  .route('/profiles', profileRoutes)
  .route('/posts', postRoutes)
  .route('/comments', commentRoutes)
  .route('/likes', likeRoutes)
  .route('/followers', followerRoutes)
  .route('/reports', reportRoutes)
  .use('/moderation/cases/*', offerModeration)
  .route('/moderation/cases', caseRoutes)
  .route('/moderation/cases', caseImageRoutes)
  .route('/moderation/notices', noticeRoutes)
  .route('/moderation/log', logRoutes)
  .route('/moderation/people', personRoutes)
  .route('/moderation/posts', staffPostRoutes)
  .route('/moderation/settings', serviceSettingsRoutes)
  .route('/moderation/statistics', statisticsRoutes)
  .route('/follow-requests', requestRoutes)
  .route('/blocks', blockRoutes)
  .route('/mutes', muteRoutes)
  .route('/notifications', notificationRoutes)
  .route('/notification-settings', settingsRoutes)
  .route('/messages', conversationRoutes)
  .route('/messages', messageRoutes)
  .route('/chats', chatRoutes)
  .route('/live', liveRoutes)

/** `/posts`, `/posts/`, `/api/posts` and `/api/posts/` are one path. */
function canonicalPath(request: Request): string {
  const path = getPath(request).replace(/^\/api(?=\/|$)/, '')
  return path.endsWith('/') ? path.slice(0, -1) || '/' : path || '/'
}
