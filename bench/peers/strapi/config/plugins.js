module.exports = ({ env }) => ({
  // Logging in is measured, more often than it lets anybody do it.
  'users-permissions': { config: { jwtSecret: env('SECRET'), ratelimit: { enabled: false } } },
})
