/**
 * The password of everybody in the seed. The examples of the OpenAPI document sign in as Alice with it, so that they work as they are
 * where the seed is.
 */
export const PASSWORD = 'Quiet-harbour-27'
