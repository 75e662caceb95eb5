import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { encodings } from '../../../src/core/pictures/encodings.ts';

/** docs/photographs.md has the table of encodings between these marks; `MCIR_TABLE=docs` writes it again. */
const [begin, end] = ['<!-- encodings: made from src/core/pictures/encodings.ts -->', '<!-- /encodings -->'];
const page = new URL('../../../docs/photographs.md', import.meta.url);

function table(): string {
  const rows = encodings.map(({ title, how, refused }) =>
    how ? [title, how.read, how.computed, how.written] : [title, `refused: ${refused ?? ''}`, '', ''],
  );
  const all = [['stored as', 'read', 'computed', 'written'], ['---', '---', '---', '---'], ...rows];
  return all.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Cells without the spaces that Prettier lays out a table with. */
const cells = (text: string): string =>
  text
    .replace(/ *\| */g, '|')
    .replace(/-{3,}/g, '---')
    .trim();

it('the table of encodings in docs/photographs.md is the one in the code', () => {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (process.env['MCIR_TABLE'] === 'docs')
    writeFileSync(page, `${text.slice(0, from)}\n\n${table()}\n\n${text.slice(to)}`);
  else expect(cells(text.slice(from, to))).toBe(cells(table()));
});

it('every row tells what happens, and has a name of its own', () => {
  expect(new Set(encodings.map(({ id }) => id)).size).toBe(encodings.length);
  for (const { id, how, refused } of encodings) expect(Boolean(how) !== Boolean(refused), id).toBe(true);
});
