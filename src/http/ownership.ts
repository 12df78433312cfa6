import { ApiError } from './errors'

/** 404 where nobody owns it, as it is not there; 403 where somebody else does. */
export function checkOwner(ownerId: number | undefined, viewerId: number | undefined): void {
  if (ownerId === undefined) throw new ApiError('not_found')
  if (ownerId !== viewerId) throw new ApiError('permission_denied')
}
