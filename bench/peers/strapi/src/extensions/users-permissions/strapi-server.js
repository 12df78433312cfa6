const relation = (target, mappedBy) => ({ type: 'relation', relation: 'oneToMany', target, mappedBy })

module.exports = (plugin) => {
  Object.assign(plugin.contentTypes.user.schema.attributes, {
    posts: relation('api::post.post', 'owner'),
    following: relation('api::follow.follow', 'owner'),
    followers: relation('api::follow.follow', 'followed'),
  })
  return plugin
}
