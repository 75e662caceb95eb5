import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { table } from '../../src/cli/output.ts';
import { visible } from '../../src/shared/visible.ts';
import { endPrograms, mcir, newFolder } from './program.ts';

const folder = newFolder();
afterAll(() => {
  endPrograms();
  rmSync(folder, { recursive: true, force: true });
});

/** Clears the screen, sets the title of the terminal, goes back, and turns the text around. */
const hostile = 'a\u001b[2J\u001b]0;owned\u0007\u009b31m\r\u202egnp.b';

describe('names with control characters for the terminal', () => {
  it('are shown and not executed, in every command', async () => {
    const home = join(folder, 'home');
    mkdirSync(join(folder, hostile));
    writeFileSync(join(folder, hostile, 'x.png'), 'no picture');
    for (const args of [
      ['restore', join(folder, hostile), '--out', join(folder, 'out'), '--model', 'identity'],
      ['runs', 'show', hostile],
      ['explain', join(folder, `${hostile}.png`)],
    ]) {
      for (const more of [[], ['--json']]) {
        const { stdout, stderr } = await mcir(home, ...args, ...more);
        expect(stdout + stderr).toMatch(/gnp\.b/);
        // eslint-disable-next-line no-control-regex -- control characters are what is looked for
        expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
        if (more.length > 0) for (const line of stdout.trim().split('\n')) JSON.parse(line);
      }
    }
  });

  it('stay in their row of a table', () => {
    const lines = table(
      ['name', 'n'],
      [
        ['one\ntwo\u001b[1A', 1],
        ['three', 2],
      ],
    ).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toBe('one\\u000atwo\\u001b[1A  1');
  });

  it('are unchanged in JSON output', () => {
    expect(JSON.parse(visible(JSON.stringify({ hostile })))).toEqual({ hostile });
    expect(visible('Größe 名前 👩‍🚀 e\u0301')).toBe('Größe 名前 👩‍🚀 e\u0301');
  });
});
