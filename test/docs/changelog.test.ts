import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const lines = read('CHANGELOG.md').split('\n');
const headings = (level: string): string[] =>
  lines.filter((line) => line.startsWith(`${level} `)).map((line) => line.slice(level.length + 1));

test('the changelog has the versions of Keep a Changelog, the newest first', () => {
  expect(lines[0]).toBe('# Changelog');
  const [first, ...released] = headings('##');
  expect(first).toBe('[Unreleased]');
  const versions = released.map((heading) => {
    const [, version = '', date = ''] = /^\[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$/.exec(heading) ?? [];
    expect(version, `"${heading}" is not "[1.2.3] - 2026-11-30"`).not.toBe('');
    return { order: version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0), version, date };
  });
  for (const [index, { order, date }] of versions.entries()) {
    const older = versions[index + 1];
    if (older) expect([order > older.order, date >= older.date]).toEqual([true, true]);
  }
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(versions[0]?.version).toBe(version);
});

test('the changelog has only sections of Keep a Changelog, and none of them is empty', () => {
  const kinds = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
  for (const heading of headings('###')) expect(kinds).toContain(heading);
  const sections = lines.join('\n').split(/^### /m).slice(1);
  for (const section of sections) expect(section, section.split('\n')[0]).toMatch(/^- \S/m);
});
