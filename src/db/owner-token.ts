/**
 * What stands for a user in the search index of posts: three characters of 2^14 each, which the index takes for one word (it splits text into
 * groups of three), and which no title can be mistaken for, as they have a column of their own.
 *
 * @param id An SQL expression for the user's id, below 2^42.
 */
export const ownerToken = (id: string): string =>
  `char(${[2 ** 28, 2 ** 14, 1].map((unit) => `${0x4e00} + ${id} / ${unit} % ${2 ** 14}`).join(', ')})`
