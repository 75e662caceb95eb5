import { customAlphabet } from 'nanoid';

/**
 * Lower-case letters and digits that are not easily confused (no i, l, o, u). Ids name folders, so they must not differ
 * only in case.
 */
const shortId = customAlphabet('0123456789abcdefghjkmnpqrstvwxyz', 8);

/**
 * A new identifier that is short enough to type: 40 random bits. It does not depend on the clock, so ids are not sorted
 * by time; lists sort by creation time instead. Among 10,000 ids, two are equal with a probability of 1 in 20,000, so
 * code that stores ids still checks that a new one is free.
 */
export const newId = (): string => shortId();

/**
 * Turns a title into a file name that is easy to type: `Hazy Day (indoor)` → `hazy-day-indoor`.
 * @param longest maximum number of characters
 * @param otherwise used for a title without Latin letters and digits
 */
export const slugOf = (title: string, longest: number, otherwise: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, longest) || otherwise;
