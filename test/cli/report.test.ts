import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textsInZip } from '../zip.ts';
import { endPrograms, mcir, mcirJson, newFolder, tinyTraining } from './program.ts';

/** Personal names, planted in every place from which a log or a setting may take them. */
const secrets = ['Annas Hochzeit', 'Sommer am See', 'Tante Erna', 'geheim', 'Großmutter', 'Ergebnisse für Paul'];

describe('a report for a bug report', () => {
  let folder: string;
  let home: string;
  let files: Map<string, string>;

  beforeAll(async () => {
    folder = newFolder();
    home = join(folder, 'home');
    const personal = join(folder, 'Annas Hochzeit', 'Sommer am See');
    mkdirSync(personal, { recursive: true });
    const config = await tinyTraining(personal, { name: 'Tante Erna', steps: 2, validateEvery: 2 });
    renameSync(join(personal, 'clear', 'picture 0.png'), join(personal, 'clear', 'Großmutter im Garten.png'));
    writeFileSync(join(personal, 'clear', 'kaputt geheim.png'), 'no picture');
    const run = await mcirJson<{ id: string }>(home, 'train', config);
    // A damaged picture and a missing folder end up in messages.
    await mcir(
      home,
      'restore',
      join(personal, 'clear'),
      '--model',
      run.id,
      '--out',
      join(folder, 'Ergebnisse für Paul'),
    );
    writeFileSync(join(home, 'web-token'), 'a'.repeat(43));
    writeFileSync(
      join(home, 'logs', 'studio.log'),
      `${readFileSync(join(home, 'logs', 'studio.log'), 'utf8')}${JSON.stringify({ time: new Date().toISOString(), level: 50, msg: `ENOENT: no such file or directory, open '/srv/unknown geheim/Sommer 12.jpg' by ${userInfo().username} of ${hostname()} with ${'a'.repeat(43)}` })}\n`,
    );
    const report = await mcirJson<{ report: string }>(home, 'doctor', '--report', join(folder, 'report.zip'));
    files = await textsInZip(report.report);
  });
  afterAll(() => {
    endPrograms();
    rmSync(folder, { recursive: true, force: true });
  });

  test('contains what helps: versions, doctor, logs, configurations', () => {
    expect([...files.keys()].sort()).toEqual(
      expect.arrayContaining(['README.txt', 'logs/studio.log', 'report.json']) as string[],
    );
    const report = JSON.parse(files.get('report.json') ?? '') as {
      checks: { title: string }[];
      runs: { state: string }[];
      batches: { failed: number }[];
    };
    expect(report.checks.map(({ title }) => title)).toContain('TensorFlow');
    expect(report.runs[0]?.state).toBe('finished');
    expect(report.batches[0]).toMatchObject({ failed: 1 });
    expect(files.get('logs/studio.log')).toMatch(/train \S+ is finished/);
    expect([...files.entries()].find(([name]) => name.endsWith('config.yml'))?.[1]).toMatch(/steps: 2/);
  });

  test('contains no personal data: no planted name, no path, no user, no secret', () => {
    for (const [name, text] of files) {
      for (const secret of [...secrets, folder, home, userInfo().username, hostname(), 'a'.repeat(43), '.png']) {
        // The user of a container is often called root, which is also a word in stacks.
        if (secret.length >= 3)
          expect(
            text.toLowerCase().includes(secret.toLowerCase()),
            `${secret} in ${name}: ${text.slice(Math.max(0, text.toLowerCase().indexOf(secret.toLowerCase()) - 120), text.toLowerCase().indexOf(secret.toLowerCase()) + 80)}`,
          ).toBe(false);
      }
    }
  });

  test('never overwrites a file', async () => {
    const { code, stderr } = await mcir(home, 'doctor', '--report', join(folder, 'report.zip'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/already exists/);
  });
});
