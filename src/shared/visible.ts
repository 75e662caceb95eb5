/**
 * Makes characters visible that control a terminal or hide text: control characters (escape sequences begin with one)
 * and marks that change the direction of text. Names of files, models and runs may contain any of them. Each becomes
 * its code, as JSON writes it (`\u001b`).
 * @param keep characters that are left as they are, such as the line breaks of a text of several lines
 */
export const visible = (text: string, keep = ''): string =>
  text.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    keep.includes(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
