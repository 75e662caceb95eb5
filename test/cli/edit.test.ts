import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEditLauncher } from '../../src/services/restoring/editLauncher.ts';
import { installed, temporaryFolder, writeTags } from '../photographs.ts';
import { seededModel } from '../seededModels.ts';
import { endPrograms, mcir, mcirJson } from './program.ts';

const folder = temporaryFolder();
const home = join(folder, "Ada's home");
const album = join(folder, 'Ferien 2024 – 写真', "L'été");
const launcher = join(folder, "my editor's", 'mcir edit');
const original = join(folder, 'original.tif');
const withExiftool = installed('exiftool', '-ver');
const tags = [
  '-G1',
  '-n',
  '-j',
  '-EXIF:Artist',
  '-EXIF:ISO',
  '-GPS:all',
  '-XMP-dc:Title',
  '-XMP-lr:HierarchicalSubject',
  '-XMP-photoshop:SidecarForExtension',
];
const tagsOf = (file: string): unknown => {
  const [found] = JSON.parse(execFileSync('exiftool', [...tags, file], { encoding: 'utf8' })) as Record<
    string,
    unknown
  >[];
  return { ...found, SourceFile: undefined };
};
const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const copy = (name: string): string => {
  const file = join(album, name);
  copyFileSync(original, file);
  return file;
};

beforeAll(async () => {
  for (const place of [album, join(folder, "my editor's")]) mkdirSync(place, { recursive: true });
  // What Lightroom and darktable hand over: 16 bits, a wide profile, their own metadata.
  const pixels = Uint16Array.from({ length: 90 * 60 * 3 }, (_, i) => (i * 977) % 65536);
  await sharp(pixels, { raw: { width: 90, height: 60, channels: 3 } })
    .toColourspace('rgb16')
    .withIccProfile('p3')
    .tiff({ compression: 'none' })
    .toFile(original);
  if (withExiftool)
    writeTags(
      '-EXIF:Artist=Ada',
      '-EXIF:ISO=200',
      '-GPSLatitude=48.5',
      '-GPSLatitudeRef=N',
      '-XMP-dc:Title=Hafen',
      '-XMP-lr:HierarchicalSubject=sea|harbour',
      original,
    );
  const model = seededModel(folder, 'nafnet');
  await mcirJson(home, 'presets', 'save', 'Gentle haze', '--model', model, '--strength', '60');
  await mcirJson<object>(home, 'edit', '--preset', 'Gentle haze', '--launcher', launcher);
});
afterAll(endPrograms);

describe.skipIf(process.platform === 'win32')(
  'an external editor, as photo managers call it: by its path, without a terminal, with files only',
  () => {
    const call = (...files: string[]) =>
      spawnSync(launcher, files, { cwd: '/', env: {}, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });

    it('changes a 16-bit TIFF in its own place, with its profile, metadata and permissions', async () => {
      const file = copy('DSC 0815-Bearbeitet ü.tif');
      chmodSync(file, 0o640);
      const { status, stderr } = call(file);
      expect([status, stderr]).toEqual([0, '']);
      expect(hash(file)).not.toBe(hash(original));
      expect(readdirSync(album)).toEqual(['DSC 0815-Bearbeitet ü.tif']);
      const [before, after] = await Promise.all([original, file].map((each) => sharp(each).metadata()));
      expect([after?.format, after?.depth, after?.width, after?.height, after?.channels]).toEqual([
        'tiff',
        'ushort',
        90,
        60,
        3,
      ]);
      expect(after?.icc?.equals(before?.icc ?? Buffer.alloc(0))).toBe(true);
      expect(statSync(file).mode & 0o777).toBe(0o640);
      if (withExiftool) expect(tagsOf(file)).toEqual(tagsOf(original));
      const { events } = await mcirJson<{ events: unknown[] }>(home, 'explain', file);
      expect(events).toMatchObject([{ models: [{ title: 'nafnet' }], effect: { strength: 0.6 } }]);
    });

    it('restores several files at once; a broken one is named and not changed', () => {
      const files = [copy('a.tif'), join(album, 'broken.tif'), copy('b.tif')];
      writeFileSync(files[1] as string, 'no picture');
      const { status, stderr } = call(...files);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^.*broken\.tif: .*\.\n$/);
      expect(readFileSync(files[1] as string, 'utf8')).toBe('no picture');
      for (const file of [files[0], files[2]]) expect(hash(file as string)).not.toBe(hash(original));
    });

    it('works in the script of a digiKam queue, whose keywords are file names with escaped characters', () => {
      const escaped = (file: string): string => file.replace(/[^\w/.-]/g, '\\$&');
      const output = join(album, 'BatchTool-x.digikamtempfile.tif');
      const script = 'cp $INPUT $OUTPUT && LAUNCHER $OUTPUT'
        .replace('$INPUT', escaped(original))
        .replaceAll('$OUTPUT', escaped(output))
        .replace('LAUNCHER', escaped(launcher));
      execFileSync('bash', ['-c', script], { stdio: 'ignore' });
      expect(hash(output)).not.toBe(hash(original));
      expect(readFileSync(output).subarray(0, 2).toString()).toBe('II');
    });
  },
);

it('the launcher for Windows quotes characters that its shell would interpret', async () => {
  const file = join(folder, 'mcir-edit.cmd');
  await writeEditLauncher(file, ['--preset', '50% & more'], 'win32');
  expect(readFileSync(file, 'utf8')).toMatch(
    /^@chcp 65001 > nul\r\n(@set "MCIR_HOME=.*"\r\n)?@".*" ".*main\.ts" "edit" "--preset" "50%% & more" %\*\r\n$/,
  );
});

it('edit without a file, or with options for other output, is wrong usage', async () => {
  for (const args of [[], [original, '--format', 'jpeg'], [original, '--name', 'x']]) {
    const { code, stderr } = await mcir(home, 'edit', '--model', 'identity', ...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^\S.*\n$/)]);
  }
});
