/** Whoever runs or calls the service finds every limit with its default: in the README, and in the document. */
import { expect, it } from 'vitest'
import document from '../../public/openapi.json?raw'
import readme from '../../README.md?raw'
import { LIMITS } from '../../src/limits/limits'

it.each(Object.entries(LIMITS))('%s is listed', (name, { burst, count, seconds }) => {
  expect(readme).toContain(`| \`${name}\` | ${burst}/${count}/${seconds} |`)
  expect(document).toContain(`| \`${name}\` | ${burst} | ${count} in ${seconds} s |`)
})
