import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../../../src/services/app/home.ts';
import { replacerOf } from '../../../src/services/app/knownNames.ts';
import { redactor } from '../../../src/services/app/redact.ts';

let home: Home;
beforeAll(() => {
  home = openHome(mkdtempSync(join(tmpdir(), 'mcir-redact-')));
});
afterAll(() => rmSync(home.root, { recursive: true, force: true }));

describe('known names', () => {
  const replace = replacerOf(['Anna', 'Anna Maria', 'Straße', 'c:\\x', '名前'], '*');

  it.each([
    ['Anna and anna', '* and *'],
    ['Annabel, JoAnna, Anna2', 'Annabel, JoAnna, Anna2'],
    ['Anna Maria, Anna Mar', '*, * Mar'],
    ['/a/STRAßE/Anna.png', '/a/*/*.png'],
    ['c:\\x\\y', '*\\y'],
    ['(名前)', '(*)'],
    ['𝒜Anna İ Anna', '𝒜Anna İ *'],
  ])('%s', (text, expected) => expect(replace(text)).toBe(expected));
});

describe('the redactor', () => {
  it('takes out pictures and paths as before', () => {
    const redact = redactor(home, ['/srv/secret holidays/Sommer 12.jpg']);
    expect(redact('open /srv/secret holidays/Sommer 12.jpg failed: Mein Bild.png, other.tif. Done')).toBe(
      'open <name> failed:<picture>,<picture>. Done',
    );
    expect(redact(`${home.root}/runs/abc/log.txt and ${home.root}/geheim.txt`)).toBe(
      '<home>/runs/abc/log.txt and <home>/<name>',
    );
    expect(redact('ENOENT /opt/my things/a cannot be read')).toBe('ENOENT <path> cannot be read');
    expect(redact('\ud800 half')).toBe('\ud800 half');
  });

  const half = 200_000;
  const known = Array.from({ length: 3000 }, (_, i) => `/srv/holidays ${i}/of person ${i}`);
  it.each([
    ['letters', 'a'.repeat(half)],
    ['blanks', `/a${' '.repeat(half)}`],
    ['slashes', '/'.repeat(half)],
    ['the start of addresses', `file:${'/'.repeat(half)}`],
    ['dots', '.'.repeat(half)],
    ['endings', '.png'.repeat(half / 4)],
    ['half-known names', '/srv/holidays 1/of person '.repeat(half / 27)],
    ['words', 'one two '.repeat(half / 8)],
  ])('takes time that grows with the text, not faster: %s', (_, text) => {
    const redact = redactor(home, known);
    redact(text);
    const time = (length: number): number => {
      const part = text.slice(0, length);
      const best = Array.from({ length: 3 }, () => {
        const began = process.cpuUsage();
        redact(part);
        const { user } = process.cpuUsage(began);
        return user / 1000;
      });
      return Math.min(...best);
    };
    // Eight times the text: 8 times the time where it grows with it, 64 times where it grows with its square.
    expect(time(half)).toBeLessThan(24 * time(half / 8) + 200);
  });
});
