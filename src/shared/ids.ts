import { customAlphabet } from 'nanoid';

/**
 * Lower-case letters and digits that are not mistaken for one another (no i, l, o, u). Ids name folders, so they must
 * not differ in case only.
 */
const shortId = customAlphabet('0123456789abcdefghjkmnpqrstvwxyz', 8);

/**
 * A new identifier that is short enough to type: 40 random bits. It does not depend on the clock, so it does not sort by
 * time; lists sort by the time of creation instead. Among 10,000 ids two are equal with a probability of 1 in 20,000, so
 * whoever keeps ids still checks that a new one is free.
 */
export const newId = (): string => shortId();

/**
 * A title as a name of files that can be typed: `Hazy Day (indoor)` → `hazy-day-indoor`.
 * @param longest characters that are kept
 * @param otherwise for a title without Latin letters and digits
 */
export const slugOf = (title: string, longest: number, otherwise: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, longest) || otherwise;
