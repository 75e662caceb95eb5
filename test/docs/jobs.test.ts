import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { transitions } from '../../src/shared/jobs.ts';

const file = new URL('../../docs/jobs.md', import.meta.url);
const part = /(<!-- transitions: [^\n]*-->\n\n)([\s\S]*?)(\n<!-- end of transitions -->)/;

/** The table of docs/jobs.md, in the form that Prettier gives it: columns padded to the widest cell. */
function table(): string {
  const rows = Object.entries(transitions).map(([name, { from, to, by, when }]) => [
    name,
    from.join(', '),
    to,
    by,
    when,
  ]);
  const all = [['transition', 'from', 'to', 'by', 'when'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const [head = [], ...body] = all;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('');
}

/** `MCIR_DOCS=write vitest run test/docs/jobs.test.ts` writes the table anew. */
it('docs/jobs.md shows every transition as the code has it', () => {
  const text = readFileSync(file, 'utf8');
  if (process.env['MCIR_DOCS'] === 'write')
    writeFileSync(
      file,
      text.replace(part, (_, head: string, __, tail: string) => head + table() + tail),
    );
  else expect(part.exec(text)?.[2]).toBe(table());
});
