/** Prints the stores of an environment in wrangler.toml as JSON. A separate process, because wrangler takes 90 MB to load. */
import { unstable_readConfig as readConfig } from 'wrangler'

const [env] = process.argv.slice(2)
const { d1_databases, r2_buckets } = readConfig({ config: 'wrangler.toml', ...(env && { env }) })
console.log(JSON.stringify({ database: d1_databases[0], bucket: r2_buckets[0] }))
