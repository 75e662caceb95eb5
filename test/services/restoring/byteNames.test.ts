import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { bytesOf } from '../../../src/core/files/byteNames.ts';
import sharp from '../../../src/core/pictures/sharp.ts';
import { ChildSettings } from '../../../src/services/app/childSettings.ts';
import { openHome } from '../../../src/services/app/home.ts';
import { editInPlace } from '../../../src/services/restoring/editInPlace.ts';
import { collectSources } from '../../../src/services/restoring/restoreSources.ts';
import { listFolder } from '../../../src/services/studio/browse.ts';
import { Handles } from '../../../src/services/studio/handles.ts';
import { effect, exportSettings } from '../../../src/shared/batches.ts';
import { temporaryFolder } from '../../photographs.ts';
import { openBatches } from './openBatches.ts';

const root = temporaryFolder();

test.runIf(process.platform === 'linux')(
  'a picture whose name is not UTF-8 is shown and restored like those beside it',
  async () => {
    const { batches } = openBatches(join(root, 'home'));
    const jpeg = await sharp({ create: { width: 40, height: 30, channels: 3, background: 'teal' } })
      .withExif({ IFD0: { Artist: 'A. Person' } })
      .jpeg()
      .toBuffer();
    const place = (name: string): Buffer => Buffer.from(join(root, name), 'latin1');
    for (const folder of ['in', 'in/\xe9t\xe9', 'out']) mkdirSync(place(folder));
    for (const name of ['in/plain.jpg', 'in/caf\xe9.jpg', 'in/\xe9t\xe9/a.jpg']) writeFileSync(place(name), jpeg);
    const handles = new Handles();
    const { id: folder } = await handles.place(join(root, 'in'));
    const { entries } = await listFolder(handles, folder, 'pictures');
    expect(entries.map(({ name }) => name)).toEqual(['\\xE9t\\xE9', 'caf\\xE9.jpg', 'plain.jpg']);
    const { files, skipped } = await collectSources([join(root, 'in')], true);
    expect([files.length, skipped]).toEqual([3, []]);
    const settings = { out: join(root, 'out'), effect: effect.parse({}), export: exportSettings.parse({}) };
    const { id } = await batches.create(files, ['identity'], settings);
    const ended = await batches.ended(id);
    expect(batches.files(id).map(({ reason, warnings }) => [reason, warnings])).toEqual(
      files.map(() => [undefined, []]),
    );
    expect(ended).toMatchObject({ state: 'finished', done: 3, failed: 0 });
    const names = readdirSync(join(root, 'out'), { recursive: true, encoding: 'utf8' }).sort();
    expect(names).toEqual(['_xE9t_xE9', '_xE9t_xE9/a.jpg', 'caf_xE9.jpg', 'plain.jpg']);
    const { exif } = await sharp(join(root, 'out', 'caf_xE9.jpg')).metadata();
    expect(exif?.toString('latin1')).toContain('A. Person');
  },
  120_000,
);

describe.runIf(process.platform === 'linux')('a folder whose name is not UTF-8', () => {
  const folder = join(root, 'd\\xE9j\\xE0');
  const place = (path: string): Buffer => bytesOf(path) as Buffer;
  const settings = { effect: effect.parse({}), export: exportSettings.parse({}) };

  beforeAll(async () => {
    mkdirSync(place(folder));
    const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: 'teal' } });
    writeFileSync(place(join(folder, 'a.jpg')), await picture.jpeg().toBuffer());
  });

  it('takes results, a second time beside those that are there', async () => {
    const { batches } = openBatches(join(root, 'home of results'));
    const { files } = await collectSources([folder], true);
    for (const beside of [false, true]) {
      const { id } = await batches.create(files, ['identity'], { ...settings, out: folder, beside });
      expect(await batches.ended(id)).toMatchObject({ state: 'finished', done: 1, failed: 0 });
    }
    expect(readdirSync(place(folder)).sort()).toEqual(['a (2).jpg', 'a (3).jpg', 'a.jpg']);
    expect(readdirSync(root, 'latin1')).not.toContain('d\\xE9j\\xE0');
  });

  it('holds pictures that are changed in place', async () => {
    const home = openHome(join(root, 'home of changes'));
    const picture = join(folder, 'a.jpg');
    const before = statSync(place(picture)).ino;
    for await (const edited of editInPlace([picture], ['identity'], settings, {
      home,
      children: new ChildSettings(home),
    }))
      expect(edited).toMatchObject({ file: picture, restored: {} });
    expect(statSync(place(picture)).ino).not.toBe(before);
  });
});
