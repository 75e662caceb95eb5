import { symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPictures } from '../../../src/core/data/files.ts';
import { type DataSet, findClean, findPairs } from '../../../src/core/data/pairs.ts';
import { folderOf } from './folders.ts';

/** Pairs as `input → target`, relative to the root. */
const shown = (root: string, { samples }: DataSet): string[] =>
  samples.map(({ input = '', target }) => `${relative(root, input)} → ${relative(root, target)}`.replaceAll('\\', '/'));

describe('conventions recognised from the root of a data set', () => {
  it.each<[string, string[], string[], number?]>([
    [
      'RESIDE',
      ['hazy/1_1_0.90179.png', 'hazy/1_2_0.97842.png', 'hazy/10_1_0.7.png', 'clear/1.png', 'clear/10.png'],
      ['hazy/10_1_0.7.png → clear/10.png', 'hazy/1_1_0.90179.png → clear/1.png', 'hazy/1_2_0.97842.png → clear/1.png'],
    ],
    [
      'RESIDE outdoor with other extensions',
      ['hazy/0001_0.8_0.2.jpg', 'clear/0001.png'],
      ['hazy/0001_0.8_0.2.jpg → clear/0001.png'],
    ],
    ['DehazeFormer', ['GT/a.png', 'hazy/a.png'], ['hazy/a.png → GT/a.png']],
    [
      'Rain100 input, target',
      ['input/norain-1.png', 'target/norain-1.png'],
      ['input/norain-1.png → target/norain-1.png'],
    ],
    [
      'Rain100 rain-N, norain-N in folders',
      ['rain/rain-001.png', 'norain/norain-001.png'],
      ['rain/rain-001.png → norain/norain-001.png'],
    ],
    [
      'Rain100 in one folder',
      ['rain-001.png', 'norain-001.png', 'rain-002.png', 'norain-002.png'],
      ['rain-001.png → norain-001.png', 'rain-002.png → norain-002.png'],
    ],
    [
      'DDN',
      ['rainy_image/901_1.jpg', 'rainy_image/901_14.jpg', 'ground_truth/901.jpg'],
      ['rainy_image/901_1.jpg → ground_truth/901.jpg', 'rainy_image/901_14.jpg → ground_truth/901.jpg'],
    ],
    ['IDT', ['input/1.png', 'groundtruth/1.png'], ['input/1.png → groundtruth/1.png']],
    ['SIDD', ['input/0001.png', 'target/0001.png'], ['input/0001.png → target/0001.png']],
    [
      'SIDD as published',
      ['0001_S6/0001_NOISY_SRGB_010.PNG', '0001_S6/0001_GT_SRGB_010.PNG'],
      ['0001_S6/0001_NOISY_SRGB_010.PNG → 0001_S6/0001_GT_SRGB_010.PNG'],
    ],
    ['GoPro', ['blur/000047.png', 'sharp/000047.png'], ['blur/000047.png → sharp/000047.png']],
    [
      'GoPro in scenes',
      ['S1/blur/1.png', 'S1/blur_gamma/1.png', 'S1/sharp/1.png', 'S2/blur/1.png', 'S2/sharp/1.png'],
      ['S1/blur/1.png → S1/sharp/1.png', 'S2/blur/1.png → S2/sharp/1.png'],
    ],
    [
      'DIV2K',
      ['DIV2K_train_HR/0001.png', 'DIV2K_train_LR_bicubic/X2/0001x2.png', 'DIV2K_train_LR_bicubic/X4/0001x4.png'],
      ['DIV2K_train_LR_bicubic/X4/0001x4.png → DIV2K_train_HR/0001.png'],
      4,
    ],
    [
      'Set5 with LRx4',
      ['HR/img_001.png', 'LRx2/img_001.png', 'LRx4/img_001.png'],
      ['LRx4/img_001.png → HR/img_001.png'],
      4,
    ],
    ['RealSR', ['LR/Canon_001_LR4.png', 'HR/Canon_001_HR.png'], ['LR/Canon_001_LR4.png → HR/Canon_001_HR.png'], 4],
    ['Raindrop', ['input/0_rain.png', 'gt/0_clean.png'], ['input/0_rain.png → gt/0_clean.png']],
    ['Raindrop as published', ['data/0_rain.png', 'gt/0_clean.png'], ['data/0_rain.png → gt/0_clean.png']],
    ['NH-HAZE', ['hazy/01_hazy.png', 'GT/01_GT.png'], ['hazy/01_hazy.png → GT/01_GT.png']],
    [
      'NH-HAZE in one folder',
      ['01_hazy.png', '01_GT.png', '02_hazy.png', '02_GT.png'],
      ['01_hazy.png → 01_GT.png', '02_hazy.png → 02_GT.png'],
    ],
    [
      'O-HAZE',
      ['hazy/01_outdoor_hazy.jpg', 'GT/01_outdoor_GT.jpg'],
      ['hazy/01_outdoor_hazy.jpg → GT/01_outdoor_GT.jpg'],
    ],
    [
      'Outdoor-Rain',
      [
        'in/im_0001_s80_a04.png',
        'in/im_0001_s85_a06.png',
        'in/im_0002_s80_a04.png',
        'gt/im_0001.png',
        'gt/im_0002.png',
      ],
      [
        'in/im_0001_s80_a04.png → gt/im_0001.png',
        'in/im_0001_s85_a06.png → gt/im_0001.png',
        'in/im_0002_s80_a04.png → gt/im_0002.png',
      ],
    ],
    [
      'HazeSpace2M',
      ['hazy/FL_1_L1.jpg', 'hazy/FL_1_L2.jpg', 'GT/FL_1.jpg'],
      ['hazy/FL_1_L1.jpg → GT/FL_1.jpg', 'hazy/FL_1_L2.jpg → GT/FL_1.jpg'],
    ],
    [
      'clean names of different lengths: the longest that fits',
      ['hazy/a_b_1.png', 'hazy/a_2.png', 'hazy/a_b_3.png', 'GT/a.png', 'GT/a_b.png', 'hazy/c_d_1.png', 'GT/c_d.png'],
      [
        'hazy/a_2.png → GT/a.png',
        'hazy/a_b_1.png → GT/a_b.png',
        'hazy/a_b_3.png → GT/a_b.png',
        'hazy/c_d_1.png → GT/c_d.png',
      ],
    ],
    [
      'RealBlur',
      ['scene001/blur/blur_1.png', 'scene001/gt/gt_1.png', 'scene002/blur/blur_2.png', 'scene002/gt/gt_2.png'],
      ['scene001/blur/blur_1.png → scene001/gt/gt_1.png', 'scene002/blur/blur_2.png → scene002/gt/gt_2.png'],
    ],
    ['LOL v2', ['Low/low00001.png', 'Normal/normal00001.png'], ['Low/low00001.png → Normal/normal00001.png']],
    [
      'Snow100K',
      ['synthetic/smile_00001.jpg', 'gt/smile_00001.jpg'],
      ['synthetic/smile_00001.jpg → gt/smile_00001.jpg'],
    ],
  ])('%s', async (_, files, pairs, scale = 1) => {
    const root = folderOf(...files);
    const set = await findPairs({ target: root }, scale);
    expect(shown(root, set)).toEqual(pairs);
    expect(new Set(set.samples.map(({ name }) => name)).size).toBe(pairs.length);
    expect(set.unmatched).toEqual([]);
  });

  it('refuses to mix the parts of a collection, and takes a single part', async () => {
    const both = folderOf('train/GT/a.png', 'train/hazy/a.png', 'test/GT/a.png', 'test/hazy/a.png');
    await expect(findPairs({ target: both })).rejects.toThrow('contains several data sets: test, train');
    const one = folderOf('indoor/clear/1.png', 'indoor/hazy/1_2.png');
    expect(shown(one, await findPairs({ target: one }))).toEqual(['indoor/hazy/1_2.png → indoor/clear/1.png']);
  });

  it('says which scale a data set is for', async () => {
    const root = folderOf('HR/a.png', 'LRx2/a.png', 'LRx4/a.png');
    await expect(findPairs({ target: root }, 3)).rejects.toThrow('inputs for the scales 2, 4, not for 3');
  });

  it('refuses a root it does not know, and one with two candidates for a side', async () => {
    await expect(findPairs({ target: folderOf('a.png', 'b.png') })).rejects.toThrow('Also give an input folder');
    await expect(findPairs({ target: folderOf('hazy/1.png', 'input/1.png', 'clear/1.png') })).rejects.toThrow(
      'hazy, input, clear',
    );
  });
});

describe('two folders', () => {
  const pair = (root: string, scale?: number): Promise<DataSet> =>
    findPairs({ input: join(root, 'in'), target: join(root, 'out') }, scale);

  it('lists pictures without a partner on either side', async () => {
    const root = folderOf('in/a.png', 'in/b.png', 'out/b.jpg', 'out/c.jpg', 'out/notes.txt');
    const set = await pair(root);
    expect(shown(root, set)).toEqual(['in/b.png → out/b.jpg']);
    expect(set.unmatched).toEqual([join(root, 'in/a.png'), join(root, 'out/c.jpg')]);
    expect(set.others).toEqual([join(root, 'out/notes.txt')]);
  });

  it('pairs within folders first, and across them where names are enough', async () => {
    const nested = folderOf('in/x/1.png', 'in/y/1.png', 'out/x/1.png', 'out/y/1.png');
    expect(shown(nested, await pair(nested))).toEqual(['in/x/1.png → out/x/1.png', 'in/y/1.png → out/y/1.png']);
    const flat = folderOf('in/part1/1_0.8.png', 'in/part2/2_0.9.png', 'out/1.png', 'out/2.png');
    expect(shown(flat, await pair(flat))).toEqual(['in/part1/1_0.8.png → out/1.png', 'in/part2/2_0.9.png → out/2.png']);
  });

  it.each<[string, string[], string]>([
    [
      'two clean pictures of one name',
      ['in/1_2.png', 'out/1.png', 'out/1.jpg'],
      'Both 1.jpg and 1.png could be the clean picture',
    ],
    [
      'two inputs of one name',
      ['in/a.png', 'in/a.jpg', 'out/a.png'],
      'Both a.jpg and a.png could be the degraded picture',
    ],
    [
      'the same name and the name before the _',
      ['in/1_2.png', 'in/1_3.png', 'in/1_4.png', 'out/1.png', 'out/1_2.png'],
      '1_2.png could belong to',
    ],
    ['nothing in common', ['in/a.png', 'out/b.png'], 'No picture in'],
    [
      'several scales of the same picture',
      ['in/X2/1x2.png', 'in/X4/1x4.png', 'out/1.png'],
      'could be the degraded picture of 1.png',
    ],
  ])('refuses %s', async (_, files, message) => {
    await expect(pair(folderOf(...files))).rejects.toThrow(message);
  });

  it('names a folder that is not there', async () => {
    await expect(findPairs({ input: '/nowhere/in', target: '/nowhere/out' })).rejects.toThrow(
      '/nowhere/in does not exist',
    );
  });
});

describe('listing', () => {
  it('ignores system files and links that lead back', async () => {
    const root = folderOf(
      'a.png',
      '.DS_Store',
      '._a.png',
      'Thumbs.db',
      'desktop.ini',
      '__MACOSX/a.png',
      'sub/b.JPG',
      'sub/@eaDir/b.JPG',
      'readme.md',
    );
    symlinkSync(root, join(root, 'sub/loop'));
    const elsewhere = folderOf('linked.webp');
    symlinkSync(elsewhere, join(root, 'link'));
    const { pictures, others } = await listPictures(root);
    expect(pictures).toEqual(['a.png', 'link/linked.webp', 'sub/b.JPG']);
    expect(others).toEqual(['readme.md']);
  });

  it('does not take the degraded half of a data set for clean pictures', async () => {
    await expect(findClean(folderOf('hazy/1_1.png', 'clear/1.png'))).rejects.toThrow('contains pairs (hazy and clear)');
    await expect(findClean(folderOf('readme.md'))).rejects.toThrow('no picture');
  });
});
