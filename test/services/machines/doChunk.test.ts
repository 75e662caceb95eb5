import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { BatchPlace } from '../../../src/services/machines/batchPlace.ts';
import { type ChunkTools, doChunk, type PictureWorker } from '../../../src/services/machines/doChunk.ts';
import { hashText, writeJson } from '../../../src/services/machines/jsonFile.ts';
import { openRoots, type Roots } from '../../../src/services/machines/roots.ts';
import { FetchedFiles } from '../../../src/services/machines/travelModels.ts';
import { type BatchOrder, type ChunkWork, WORK_SCHEMA } from '../../../src/shared/machines.ts';
import { WaitingPictures } from '../../../scripts/bench/waitingPictures.ts';

let top: string;
let roots: Roots;
let place: BatchPlace;
let scratches = 0;

beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), 'mcir-chunk-'));
  mkdirSync(join(top, 'photos'));
  roots = await openRoots([`shared=${top}`]);
  place = await new BatchPlace(await roots.folder({ root: 'shared', path: 'out/.mcir-b1' })).create();
});

const order = (conflict: 'unique' | 'skip' = 'unique'): BatchOrder => ({
  schema: WORK_SCHEMA,
  kind: 'batch',
  batch: 'b1',
  created: 0,
  out: { root: 'shared', path: 'out' },
  models: [{ reference: { title: 'identity', hash: '', scale: 1 }, network: 'identity', options: {} }],
  effect: { strength: 1, ensemble: false, luminance: false },
  export: { format: 'same', quality: 92, template: '{name}', conflict, strip: 'none', provenance: true },
});

async function chunkOf(texts: Record<string, string>, conflict?: 'unique' | 'skip'): Promise<ChunkWork> {
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(top, 'photos', name), text);
  await writeJson(place.orderFile, order(conflict));
  return {
    schema: WORK_SCHEMA,
    kind: 'chunk',
    batch: 'b1',
    place: { root: 'shared', path: 'out/.mcir-b1' },
    order: hashText(readFileSync(place.orderFile, 'utf8')),
    chunk: 0,
    files: Object.keys(texts).map((name, i) => ({
      number: i + 1,
      source: { root: 'shared', path: `photos/${name}` },
      folder: '',
    })),
  };
}

const tools = (pictures: PictureWorker = new WaitingPictures(), more: Partial<ChunkTools> = {}): ChunkTools => ({
  roots,
  place,
  scratch: join(top, `scratch-${++scratches}`),
  machine: 'here',
  current: () => pictures,
  signal: new AbortController().signal,
  ...more,
});

const results = (): string[] =>
  readdirSync(join(top, 'out'))
    .filter((name) => !name.startsWith('.'))
    .sort();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

it('restores every good picture, names every bad one, and leaves nothing else behind', async () => {
  const work = await chunkOf({ 'a.jpg': 'aaa', 'b.jpg': 'broken', 'c.jpg': 'ccc' });
  const { pictures } = await doChunk(work, tools());
  expect(pictures).toMatchObject([
    { number: 1, state: 'done', output: 'a.jpg', sha256: sha256('aaa') },
    { number: 2, state: 'failed', reason: 'This is not a picture.' },
    { number: 3, state: 'done', output: 'c.jpg', sha256: sha256('ccc') },
  ]);
  expect(results()).toEqual(['a.jpg', 'c.jpg']);
  expect(readdirSync(join(place.path, 'parts'))).toEqual([]);
  expect(await place.recorded()).toEqual([0]);
});

it('gives one picture one name although three workers do its chunk at once', async () => {
  const texts = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`p${i}.jpg`, i % 5 === 0 ? 'broken' : `same`]),
  );
  const work = await chunkOf(texts);
  const all = await Promise.all([5, 7, 9].map((ms) => doChunk(work, tools(new WaitingPictures(ms)))));
  expect(results()).toHaveLength(16);
  const plain = (record: (typeof all)[0]): unknown => record.pictures;
  expect(all.map(plain)).toEqual([plain(all[0] as never), plain(all[0] as never), plain(all[0] as never)]);
});

it('recognises a picture that a worker has finished but not named, and one that is named but not recorded', async () => {
  const work = await chunkOf({ 'a.jpg': 'aaa', 'b.jpg': 'bbb' });
  // The first worker has decided the first picture and given it its name, and ends before the record of the chunk.
  await doChunk({ ...work, files: work.files.slice(0, 1) }, tools());
  rmSync(join(place.path, 'chunks', '000000.json'));
  const [decision] = await Promise.all([place.decision(0, 1)]);
  if (decision?.state !== 'done') throw new Error('not decided');
  linkSync(join(top, 'out', 'a.jpg'), place.part(decision.part));
  const second = new WaitingPictures();
  const { pictures } = await doChunk(work, tools(second));
  expect(second.begun.map((path) => path.slice(-5))).toEqual(['b.jpg']);
  expect(pictures).toMatchObject([{ output: 'a.jpg' }, { output: 'b.jpg' }]);
  expect(results()).toEqual(['a.jpg', 'b.jpg']);
});

it('does nothing if the record exists, also after the submitter has taken it', async () => {
  const work = await chunkOf({ 'a.jpg': 'aaa' });
  const record = await doChunk(work, tools());
  const late = new WaitingPictures();
  expect(await doChunk(work, tools(late))).toEqual(record);
  await place.take(0);
  expect(await doChunk(work, tools(late))).toEqual(record);
  expect(late.begun).toEqual([]);
});

it('a worker that was given up cannot decide anything after the chunk was taken', async () => {
  const work = await chunkOf({ 'a.jpg': 'aaa' });
  const slow = doChunk(work, tools(new WaitingPictures(300)));
  await doChunk(work, tools());
  await place.take(0);
  expect((await slow).pictures).toMatchObject([{ output: 'a.jpg' }]);
  expect(results()).toEqual(['a.jpg']);
});

it('never replaces a file: unique takes the next name, skip leaves the picture out', async () => {
  writeFileSync(join(top, 'out', 'a.jpg'), 'of somebody else');
  const unique = await doChunk(await chunkOf({ 'a.jpg': 'aaa' }), tools());
  expect(unique.pictures).toMatchObject([{ output: 'a (2).jpg' }]);
  const work = { ...(await chunkOf({ 'a.jpg': 'aaa' }, 'skip')), chunk: 1 };
  expect((await doChunk(work, tools())).pictures).toMatchObject([{ state: 'skipped' }]);
  expect(readFileSync(join(top, 'out', 'a.jpg'), 'utf8')).toBe('of somebody else');
});

it('a picture that ends the process three times has failed, and the others are done', async () => {
  const { pictures } = await doChunk(await chunkOf({ 'a.jpg': 'crash', 'b.jpg': 'bbb' }), tools());
  expect(pictures).toMatchObject([{ state: 'failed' }, { state: 'done' }]);
});

it('a link that leads out of the root is not a picture', async () => {
  writeFileSync(join(tmpdir(), 'mcir-secret.txt'), 'secret');
  const work = await chunkOf({ 'b.jpg': 'bbb' });
  symlinkSync(join(tmpdir(), 'mcir-secret.txt'), join(top, 'photos', 'a.jpg'));
  const file = { number: 2, source: { root: 'shared', path: 'photos/a.jpg' }, folder: '' };
  const { pictures } = await doChunk({ ...work, files: [...work.files, file] }, tools());
  expect(pictures[1]).toMatchObject({ state: 'failed', reason: expect.stringContaining('leads out') as unknown });
});

it('refuses an order that was changed, and a batch that has ended', async () => {
  const work = await chunkOf({ 'a.jpg': 'aaa' });
  await writeJson(place.orderFile, { ...order(), created: 1 });
  await expect(doChunk(work, tools())).rejects.toThrow('has changed since the work was submitted');
  await place.remove();
  await expect(doChunk(work, tools())).rejects.toThrow('has ended');
  expect(existsSync(join(top, 'out', 'a.jpg'))).toBe(false);
});

it('stops before the next picture, and resumes there', async () => {
  const work = await chunkOf(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}.jpg`, `${i}`])));
  const stop = new AbortController();
  const first = new WaitingPictures(10);
  const onPicture = (): void => stop.abort('pause');
  await expect(doChunk(work, tools(first, { signal: stop.signal, onPicture }))).rejects.toThrow('Cancelled.');
  expect(first.begun.length).toBeLessThan(9);
  const second = new WaitingPictures();
  await doChunk(work, tools(second));
  expect(first.begun.length + second.begun.length).toBe(9);
  expect(results()).toHaveLength(9);
});

it('a model is used only with the ordered hash', async () => {
  writeFileSync(join(top, 'model.safetensors'), 'weights');
  const files = new FetchedFiles(join(top, 'cache'));
  const file = { root: 'shared', path: 'model.safetensors', sha256: sha256('weights') };
  expect(readFileSync(await files.fetch(file, roots), 'utf8')).toBe('weights');
  writeFileSync(join(top, 'model.safetensors'), 'other weights');
  // The copy on this machine is right still; a machine without it refuses the other file.
  expect(readFileSync(await files.fetch(file, roots), 'utf8')).toBe('weights');
  await expect(new FetchedFiles(join(top, 'cache 2')).fetch(file, roots)).rejects.toThrow('is another file');
});
