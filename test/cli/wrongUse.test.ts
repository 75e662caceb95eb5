import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evaluation } from '../../src/services/training/evaluation.ts';
import { temporaryFolder } from '../photographs.ts';
import { seededModel } from '../seededModels.ts';
import { endPrograms, mcir, newFolder } from './program.ts';

const folder = temporaryFolder();
const home = newFolder();
const picture = join(folder, 'in', 'a.png');
const missing = join(folder, 'missing');
const text = join(folder, 'notes.txt');
let model = '';

beforeAll(async () => {
  mkdirSync(join(folder, 'in'));
  await sharp({
    create: {
      width: 40,
      height: 30,
      channels: 3,
      background: '#777',
      noise: { type: 'gaussian', mean: 120, sigma: 40 },
    },
  }).toFile(picture);
  writeFileSync(text, 'no weights');
  writeFileSync(
    join(folder, 'lost.yml'),
    JSON.stringify({
      network: { type: 'edsr' },
      data: { train: { target: missing, degradations: [{ type: 'gaussian-noise' }] } },
    }),
  );
  model = seededModel(folder, 'nafnet');
});
afterAll(endPrograms);

describe('the same mistakes are wrong use (2) in every command, told in one line', () => {
  const out = ['--out', join(folder, 'out')];
  it.each<[string, () => string[], RegExp]>([
    ['restore without a model', () => ['restore', picture, ...out], /--model MODEL or --preset NAME/],
    [
      'restore a path that is not there',
      () => ['restore', missing, '--model', 'identity', ...out],
      /missing does not exist/,
    ],
    [
      'restore with no such model',
      () => ['restore', picture, '--model', 'nothing', ...out],
      /no model, file or run "nothing"/,
    ],
    [
      'restore with a file that holds no weights',
      () => ['restore', picture, '--model', text, ...out],
      /notes\.txt: This weights file is not supported/,
    ],
    [
      'restore with an unknown field in the name',
      () => ['restore', picture, '--model', 'identity', '--name', '{what}', ...out],
      /unknown field \{what\}/,
    ],
    [
      'restore with a quality out of range',
      () => ['restore', picture, '--model', 'identity', '--quality', '0', ...out],
      /--quality.* whole number from 1 to 100/,
    ],
    [
      'restore in tiles that are too small',
      () => ['restore', picture, '--model', 'identity', '--tile', '16', ...out],
      /--tile.* whole number from 32 to 4096/,
    ],
    [
      'restore with an empty name',
      () => ['restore', picture, '--model', 'identity', '--name', '', ...out],
      /--name.* template, such as/,
    ],
    [
      'restore with a mask that is not there',
      () => ['restore', picture, '--model', 'identity', '--mask', missing, ...out],
      /mask .*missing does not exist/,
    ],
    [
      'watch a folder that is not there',
      () => ['watch', missing, '--model', 'identity', ...out],
      /missing is not a folder/,
    ],
    [
      'watch with no such model',
      () => ['watch', folder, '--model', 'nothing', ...out],
      /no model, file or run "nothing"/,
    ],
    ['edit a file that is not there', () => ['edit', missing, '--model', 'identity'], /missing does not exist/],
    ['edit with no such model', () => ['edit', picture, '--model', 'nothing'], /no model, file or run "nothing"/],
    ['explain a file that is not there', () => ['explain', missing], /missing/],
    ['show a batch that is not there', () => ['batch', 'show', 'b1'], /no batch b1/],
    ['resume a batch that is not there', () => ['batch', 'resume', 'b1'], /no batch b1/],
    ['cancel a batch that is not there', () => ['batch', 'cancel', 'b1'], /no batch b1/],
    [
      'evaluate a folder that is not there',
      () => ['evaluate', '--model', model, '--input', missing, '--target', folder],
      /missing is not a folder/,
    ],
    [
      'evaluate no such model',
      () => ['evaluate', '--model', 'nothing', '--input', folder, '--target', folder],
      /no model, file or run "nothing"/,
    ],
    [
      'train on a folder that is not there',
      () => ['train', join(folder, 'lost.yml')],
      /missing \(data\.train\.target\) is not a folder/,
    ],
  ])('%s', async (_, args, sentence) => {
    const { code, stdout, stderr } = await mcir(home, ...args());
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('and leave no run, batch or result behind', () => {
    expect(readdirSync(join(home, 'runs'))).toEqual([]);
    expect(readdirSync(folder)).not.toContain('out');
  });
});

describe('mcir evaluate', () => {
  it('continues after a picture that cannot be read, and names it', async () => {
    const target = join(folder, 'target');
    const input = join(folder, 'degraded');
    for (const place of [target, input]) {
      mkdirSync(place);
      for (const name of ['a.png', 'b.png', 'c.png']) await sharp(picture).toFile(join(place, name));
    }
    writeFileSync(join(input, 'b.png'), 'no picture');
    const { code, stdout, stderr } = await mcir(
      home,
      'evaluate',
      '--model',
      model,
      '--input',
      input,
      '--target',
      target,
      '--json',
    );
    const { pictures, failed } = JSON.parse(stdout) as Evaluation;
    expect(pictures.map(({ name }) => name)).toEqual(['a.png', 'c.png']);
    expect(failed).toMatchObject([{ name: 'b.png' }]);
    expect(failed[0]?.reason).toMatch(/\.$/);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^b\.png: /m)]);
  });
});
