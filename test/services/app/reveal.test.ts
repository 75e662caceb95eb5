import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { folderToShow, revealInFileManager } from '../../../src/services/app/reveal.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcir-reveal-'));
  await writeFile(join(folder, 'a.png'), '');
  await mkdir(join(folder, 'Evil.app'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a file is shown in its folder and never opened; on macOS neither is a folder that may be a program', async () => {
  expect(await folderToShow(folder)).toBe(folder);
  expect(await folderToShow(join(folder, 'a.png'))).toBe(folder);
  expect(await folderToShow(join(folder, 'Evil.app'), 'darwin')).toBe(folder);
  expect(await folderToShow(join(folder, 'Evil.app'), 'linux')).toBe(join(folder, 'Evil.app'));
  await expect(folderToShow(join(folder, 'gone'))).rejects.toMatchObject({ code: 'not-found' });
});

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('a machine without a desktop says so, with the folder to open', async () => {
    vi.stubEnv('DISPLAY', '');
    vi.stubEnv('WAYLAND_DISPLAY', '');
    await expect(revealInFileManager(folder)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(folder) as string,
    });
    vi.unstubAllEnvs();
  });

  test("the desktop's file manager is given the folder, as one argument", async () => {
    const told = join(folder, 'told');
    const gio = join(folder, 'gio');
    await writeFile(gio, `#!/bin/sh\nprintf '%s\\n' "$@" > ${told}\n`);
    await chmod(gio, 0o755);
    const photos = join(folder, 'my photos; x');
    await mkdir(photos);
    vi.stubEnv('DISPLAY', ':9');
    vi.stubEnv('XDG_CURRENT_DESKTOP', 'GNOME');
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
    await revealInFileManager(photos);
    vi.unstubAllEnvs();
    expect(await readFile(told, 'utf8')).toBe(`open\n${photos}\n`);
  });
});
