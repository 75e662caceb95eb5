/** A letter or digit. A name only counts if none is directly before or after it. */
const partOfWord = /[\p{L}\p{N}]/u;

interface Node {
  readonly next: Map<string, Node>;
  end: boolean;
}

/**
 * A function that replaces many known texts at once, ignoring case; of several matches, the longest. The text is
 * scanned once, so the time grows with the text but not with the number of known texts.
 */
export function replacerOf(known: Iterable<string>, mark: string): (text: string) => string {
  const root: Node = { next: new Map(), end: false };
  for (const text of known) {
    if (text === '') continue;
    let node = root;
    for (const unit of folded(text).split('')) {
      let next = node.next.get(unit);
      if (!next) node.next.set(unit, (next = { next: new Map(), end: false }));
      node = next;
    }
    node.end = true;
  }
  return (text) => {
    const units = folded(text);
    let result = '';
    let copied = 0;
    for (let at = 0; at < units.length; at++) {
      if (!root.next.has(units[at] ?? '') || isWordAt(text, at - 1)) continue;
      const end = longestAt(root, units, text, at);
      if (end === undefined) continue;
      result += text.slice(copied, at) + mark;
      copied = end;
      at = end - 1;
    }
    return result + text.slice(copied);
  };
}

/** The end of the longest known text that starts here; undefined if none starts here. */
function longestAt(root: Node, units: string, text: string, from: number): number | undefined {
  let end: number | undefined;
  let node: Node | undefined = root;
  for (let at = from; at < units.length && (node = node.next.get(units[at] ?? '')); at++)
    if (node.end && !isWordAt(text, at + 1)) end = at + 1;
  return end;
}

/** Lower case of the same length, so that positions stay valid. */
function folded(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return Array.from(text, (character) => {
    const small = character.toLowerCase();
    return small.length === character.length ? small : character;
  }).join('');
}

function isWordAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (Number.isNaN(unit)) return false;
  // The second half of a surrogate pair: compare the whole character.
  const whole =
    unit >= 0xdc00 && unit <= 0xdfff ? text.slice(at - 1, at + 1) : String.fromCodePoint(text.codePointAt(at) ?? 0);
  return partOfWord.test(whole);
}
