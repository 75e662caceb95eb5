/** The seeds that a text names, such as `1, 2, 3` or `1-10`; undefined where it is not right, or has fewer than two. */
export function seedsOf(text: string): number[] | undefined {
  const seeds: number[] = [];
  for (const part of text.split(/[\s,;，、；]+/).filter((one) => one !== '')) {
    const [, from, to] = /^(\d{1,9})(?:[-–](\d{1,9}))?$/.exec(part) ?? [];
    if (from === undefined) return undefined;
    const [first, last] = [Number(from), Number(to ?? from)];
    if (last < first || last - first >= 50) return undefined;
    for (let seed = first; seed <= last; seed++) seeds.push(seed);
  }
  const different = [...new Set(seeds)];
  return different.length >= 2 && different.length <= 50 && different.length === seeds.length ? different : undefined;
}
