import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import en from '../../src/renderer/i18n/en.json' with { type: 'json' };
import zh from '../../src/renderer/i18n/zh.json' with { type: 'json' };

const renderer = fileURLToPath(new URL('../../src/renderer/', import.meta.url));

/** Every text by its key; forms of number count as one, since languages have different ones. */
function texts(tree: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
      const name = `${path}${key.replace(/_(one|other)$/, '')}`;
      return typeof value === 'object' && value !== null
        ? [...texts(value, `${name}.`)]
        : [[name, String(value)] as [string, string]];
    }),
  );
}

const placeholders = (text: string): string[] => [...text.matchAll(/\{\{[^}]+\}\}/g)].map(([match]) => match).sort();

test('every language has all texts, with the same placeholders', () => {
  const [english, chinese] = [texts(en), texts(zh)];
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [key, text] of english) expect(placeholders(chinese.get(key) ?? ''), key).toEqual(placeholders(text));
});

test('every text that the screens use exists, and no text is unused', () => {
  const source = readdirSync(renderer, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join(renderer, name), 'utf8'))
    .join('\n');
  const asked = [...source.matchAll(/'([a-z]+\.[A-Za-z.]+)'/g), ...source.matchAll(/\bt\('([^']+)'/g)].map(
    ([, key = '']) => key,
  );
  const families = [...source.matchAll(/t\(`([^`]+)`/g)].map(
    ([, pattern = '']) => new RegExp(`^${pattern.replace(/\./g, '\\.').replace(/\$\{[^}]+\}/g, '[A-Za-z]+')}$`),
  );
  const known = texts(en);
  for (const [, key = ''] of source.matchAll(/\bt\('([^']+)'/g)) expect(known.has(key), key).toBe(true);
  for (const key of known.keys())
    expect(asked.includes(key) || families.some((family) => family.test(key)), `${key} is not used`).toBe(true);
});
