/** Text that is compared without regard to case, names and search alike. Unicode's default lower case. */
export const fold = (text: string): string => text.toLowerCase()
