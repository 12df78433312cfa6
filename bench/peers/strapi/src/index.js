const KINDS = ['post', 'comment', 'like', 'follow', 'message']

module.exports = {
  /** Grants all signed-in users the permissions that one would otherwise tick in the admin panel. */
  async bootstrap({ strapi }) {
    const role = await strapi.db
      .query('plugin::users-permissions.role')
      .findOne({ where: { type: 'authenticated' } })
    const actions = KINDS.flatMap((kind) =>
      ['find', 'findOne', 'create', 'delete'].map((action) => `api::${kind}.${kind}.${action}`),
    )
    const permissions = strapi.db.query('plugin::users-permissions.permission')
    for (const action of [...actions, 'plugin::users-permissions.user.find']) {
      if (await permissions.findOne({ where: { action, role: role.id } })) continue
      await permissions.create({ data: { action, role: role.id } })
    }
  },
}
