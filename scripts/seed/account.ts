/** The password of every user in the seed. The examples in the OpenAPI document sign in as Alice with it, so they work unchanged after seeding. */
export const PASSWORD = 'Quiet-harbour-27'
