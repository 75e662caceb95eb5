import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChildSettings } from '../../../src/services/app/childSettings.ts';
import { editInPlace } from '../../../src/services/restoring/editInPlace.ts';
import { collectSources } from '../../../src/services/restoring/restoreSources.ts';
import { effect, exportSettings } from '../../../src/shared/batches.ts';
import { copyToNew, copyWhole, nameBeside, openNew, writeWhole } from '../../../src/core/files/privateFile.ts';
import { temporaryFolder } from '../../photographs.ts';
import { openBatches } from './openBatches.ts';

const root = temporaryFolder();
const { home, batches } = openBatches(join(root, 'home'));
const inputs = join(root, 'in');
const out = join(root, 'out');
const precious = join(root, 'precious.txt');

beforeAll(async () => {
  mkdirSync(inputs);
  mkdirSync(out);
  for (let i = 0; i < 6; i++)
    await sharp({ create: { width: 60, height: 40, channels: 3, background: { r: 40 * i, g: 90, b: 30 } } })
      .jpeg()
      .toFile(join(inputs, `${i}.jpg`));
});
beforeEach(() => {
  writeFileSync(precious, 'precious');
  chmodSync(precious, 0o600);
});

/**
 * Somebody who may write to a folder: whatever hidden name appears there is replaced by a link to another's file, and so
 * are the names that can be guessed from it.
 */
function plantLinks(folder: string): { planted: Set<string>; stop: () => void } {
  const planted = new Set<string>();
  const plant = (name: string): void => {
    try {
      rmSync(join(folder, name), { force: true });
      symlinkSync(precious, join(folder, name));
      planted.add(name);
    } catch {
      // Too late for this one.
    }
  };
  const watcher = watch(folder, (_, name) => {
    if (!name?.startsWith('.mcir-') || planted.has(name)) return;
    plant(name);
    const [, batch] = /^\.mcir-(b\w+)-\d+/.exec(name) ?? [];
    for (let n = 1; batch !== undefined && n < 10; n++) {
      plant(`.mcir-${batch}-${n}.part`);
      plant(`.mcir-${batch}-${n}.part_exiftool_tmp`);
    }
  });
  return { planted, stop: () => watcher.close() };
}

const untouched = (): void => {
  expect(readFileSync(precious, 'utf8')).toBe('precious');
  expect(statSync(precious).mode & 0o777).toBe(0o600);
};

describe.skipIf(process.platform === 'win32')('links that somebody plants in a folder of results', () => {
  it('are not followed by a batch', async () => {
    const { files } = await collectSources([inputs], false);
    const settings = { out, effect: effect.parse({}), export: exportSettings.parse({}) };
    const { planted, stop } = plantLinks(out);
    const { id } = await batches.create(files, ['identity'], settings);
    await batches.run(id);
    stop();
    untouched();
    expect(planted.size).toBeGreaterThan(0);
    // No link was taken for a result.
    for (const { output } of batches.files(id))
      if (output !== undefined && lstatSync(output, { throwIfNoEntry: false }))
        expect(lstatSync(output).isFile()).toBe(true);
  });

  it('are not followed by an edit in place, and the permissions of their targets do not change', async () => {
    const folder = join(root, 'edit');
    mkdirSync(folder);
    const file = join(folder, 'a.jpg');
    writeFileSync(file, readFileSync(join(inputs, '0.jpg')));
    chmodSync(file, 0o666);
    const { stop } = plantLinks(folder);
    const settings = { effect: effect.parse({}), export: exportSettings.parse({}) };
    for await (const edited of editInPlace([file], ['identity'], settings, { home, children: new ChildSettings(home) }))
      expect(edited.file).toBe(file);
    stop();
    untouched();
  });

  it('are refused by new files, and replaced by files that are written whole', async () => {
    const folder = join(root, 'names');
    mkdirSync(folder);
    const link = join(folder, 'report.html');
    symlinkSync(precious, link);
    await expect(openNew(link)).rejects.toThrow('EEXIST');
    await expect(copyToNew(join(inputs, '0.jpg'), link)).rejects.toThrow('EEXIST');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    await writeWhole(link, 'new');
    expect(lstatSync(link).isFile()).toBe(true);
    expect(readFileSync(link, 'utf8')).toBe('new');
    rmSync(link);
    symlinkSync(precious, link);
    await copyWhole(join(inputs, '0.jpg'), link);
    expect(readFileSync(link)).toEqual(readFileSync(join(inputs, '0.jpg')));
    expect(readdirSync(folder)).toEqual(['report.html']);
    untouched();
  });

  it('cannot be prepared, because no two names are alike', () => {
    const names = Array.from({ length: 1000 }, () => nameBeside(join(out, 'a.jpg'), 'b1-1'));
    expect(new Set(names).size).toBe(1000);
    for (const name of names) expect(name).toMatch(/\.mcir-b1-1-[0-9a-f]{24}\.part$/);
  });
});
