import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import sharp from '../../../src/core/pictures/sharp.ts';
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
