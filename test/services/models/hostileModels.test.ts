import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeSafetensors } from '../../../src/core/formats/safetensors.ts';
import { type Home, openHome } from '../../../src/services/app/home.ts';
import { addModel, brokenModels, listModels, removeModel, resolveModel } from '../../../src/services/models/models.ts';
import { constantWeights } from '../../core/formats/modelWeights.ts';
import { op, pickle } from '../../core/formats/torch/pickles.ts';
import { zipOf } from '../../core/formats/zips.ts';
import { identityGraph } from '../../identityGraph.ts';

let folder: string;
let home: Home;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-hostile-'));
  home = { ...openHome(join(folder, 'home')), includedModels: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const edsr = { num_feat: 4, num_block: 1, upscale: 2 };
const good = (title: string, value = 1, rest: object = {}): Uint8Array =>
  writeSafetensors(constantWeights('edsr', edsr, value), {
    mcir: JSON.stringify({ network: 'edsr', options: edsr, title, ...rest }),
  });

function write(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** A safetensors file with this header and zeros that take no room on the disk. */
function sparse(name: string, header: object, bytes: number): string {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const path = write(name, Buffer.concat([length, text]));
  truncateSync(path, 8 + text.length + bytes);
  return path;
}

const zeros = (dtype: string, shape: number[], bytes: number) => ({ dtype, shape, data_offsets: [0, bytes] });

/** What froze or ended the program, and what is said about each. */
const hostile: [string, () => Promise<string> | string, RegExp][] = [
  [
    '400 MB of halves',
    () => sparse('halves.safetensors', { a: zeros('F16', [2e8], 4e8) }, 4e8),
    /not fit any supported network/,
  ],
  [
    'a name of a megabyte',
    () => sparse('long.safetensors', { ['loss'.repeat(250_000)]: zeros('F32', [1], 4) }, 4),
    /a name of/,
  ],
  [
    '300,000 dots',
    () => sparse('dots.safetensors', { [`${'a.'.repeat(300_000)}b`]: zeros('F32', [1], 4) }, 4),
    /a name of/,
  ],
  [
    'a dictionary that contains itself',
    async () => {
      const items = Array.from({ length: 100_000 }, (_, i) => [...op.integer(i), ...op.none]).flat();
      const own = ['params_ema', 'ema', 'params', 'state_dict', 'model_state_dict', 'model', 'net'];
      const loops = own.flatMap((name) => [...op.text(name), 0x68, 0, ...op.setItem]);
      const object = pickle(op.proto(), op.emptyDict, [0x71, 0], op.mark, items, op.setItems, loops, op.stop);
      return write('loop.pth', await zipOf({ 'a/data.pkl': object }));
    },
    /no dictionary of tensors/,
  ],
  ['a title of 200 kB', () => write('title.safetensors', good('x'.repeat(200_000))), /names its network is damaged/],
  ['a title of two lines', () => write('lines.safetensors', good('a\u001b[31m\nb')), /names its network is damaged/],
  [
    'a graph that names one file a million times',
    () => {
      write('w.bin', '0');
      const paths = Array.from({ length: 1_000_000 }, () => 'w.bin');
      return write(
        'model.json',
        JSON.stringify({ format: 'graph-model', modelTopology: {}, weightsManifest: [{ paths, weights: [] }] }),
      );
    },
    /lists a file twice/,
  ],
];

test.each(hostile)(
  'a model file is refused in a sentence, while this process stays small and free: %s',
  async (_, make, reason) => {
    const path = await make();
    const delay = monitorEventLoopDelay({ resolution: 10 });
    const before = process.memoryUsage().rss;
    delay.enable();
    await expect(addModel(path, home)).rejects.toThrow(reason);
    delay.disable();
    expect(delay.max / 1e9).toBeLessThan(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    expect(readdirSync(home.models)).toEqual([]);
  },
  120_000,
);

test('a model file that takes too much memory ends its own process, not this one', async () => {
  // An honest header: the network is known, and too large for the bound.
  const { startChild } = await import('../../../src/services/jobs/childProcess.ts');
  const { modelReader } = await import('../../../src/shared/modelMessages.ts');
  const path = write('good.safetensors', good('Good'));
  const child = startChild(modelReader, { memoryBytes: 2 ** 20 });
  await expect(child.ask('describe', { path })).rejects.toThrow(/too much memory/);
  expect((await child.ended).cause).toBe('memory');
});

test('models of one title that are added at once get ids of their own, and one file one id', async () => {
  const files = Array.from({ length: 5 }, (_, i) => write(`same-${i}.safetensors`, good('Same', i)));
  const cards = await Promise.all(
    [...files, files[0] as string, files[0] as string].map((file) => addModel(file, home)),
  );
  expect(new Set(cards.map(({ id }) => id))).toEqual(new Set(['same', 'same-2', 'same-3', 'same-4', 'same-5']));
  expect(await listModels(home)).toHaveLength(5);
  for (const { id } of await listModels(home)) await resolveModel(id, home);
  expect(readdirSync(home.models).filter((name) => name.startsWith('.'))).toEqual([]);
}, 120_000);

test.each([
  ['file', { file: '../../precious/keys.txt' }],
  [
    'file of a graph',
    { network: 'graph', options: {}, graph: { range: 1, multipleOf: 1 }, file: '../precious/keys.txt' },
  ],
  [
    'file of a graph inside',
    { network: 'graph', options: {}, graph: { range: 1, multipleOf: 1 }, file: 'foreign/../../precious' },
  ],
  ['id', { id: '../../precious' }],
  ['title', { title: 'x'.repeat(200_000) }],
])('a card whose %s is foreign is broken, and removing it removes nothing else', async (_, change) => {
  const precious = join(folder, 'precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'keys.txt'), 'precious');
  const card = await addModel(write('a.safetensors', good('Good')), home);
  writeFileSync(
    join(home.models, 'foreign.json'),
    JSON.stringify({ ...card, id: 'foreign', file: 'foreign.safetensors', ...change }),
  );
  expect(await listModels(home)).toEqual([card]);
  expect(await brokenModels(home)).toMatchObject([
    { id: 'foreign', reason: /damaged or was written by another version/ },
  ]);
  await removeModel('foreign', home);
  expect(existsSync(join(precious, 'keys.txt'))).toBe(true);
  expect(await brokenModels(home)).toEqual([]);
  expect(await listModels(home)).toEqual([card]);
});

test('a card whose own name leads out of the folder removes itself alone', async () => {
  // The id of this card is "..".
  writeFileSync(join(home.models, '...json'), '{}');
  expect(await brokenModels(home)).toMatchObject([{ id: '..' }]);
  await removeModel('..', home);
  expect(existsSync(home.models)).toBe(true);
  expect(existsSync(join(home.models, '...json'))).toBe(false);
});

test('a title that is given is one line of at most 255 characters', async () => {
  const file = write('b.safetensors', good('Good'));
  await expect(addModel(file, home, { title: 'x'.repeat(256) })).rejects.toThrow(/one line of up to 255 characters/);
  await expect(addModel(file, home, { title: 'a\nb' })).rejects.toThrow(/one line of up to 255 characters/);
});

test('the files of a graph are those that were checked: one that changes afterwards is refused', async () => {
  const { id, file, hash } = await addModel(write('model.json', JSON.stringify(identityGraph)), home, { title: 'Toy' });
  expect((await resolveModel(id, home)).hash).toBe(hash);
  const { openGraphModel } = await import('../../../src/core/formats/graphModels.ts');
  const kept = join(home.models, file);
  await (await openGraphModel(kept, { hash })).dispose();
  writeFileSync(kept, JSON.stringify({ ...identityGraph, other: 1 }));
  await expect(openGraphModel(kept, { hash })).rejects.toThrow(/changed while it was being opened/);
  await expect(resolveModel(id, home)).rejects.toThrow(/has changed since it was added/);
}, 60_000);
