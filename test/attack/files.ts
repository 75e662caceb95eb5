import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Random, randomStream } from '../../src/core/random.ts';
import { readConfigFile } from '../../src/services/training/configFile.ts';
import { AppError } from '../../src/shared/errors.ts';
import { seededModel } from '../seededModels.ts';
import type { Tally, Target } from './target.ts';

/** What a picture or a model may take, beside other work of the machine. */
const LONGEST_MS = 60_000;

function mutated(original: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(original);
  for (let k = random.integer(1, 12); k > 0; k--) {
    const at = random.integer(0, Math.min(bytes.length - 1, random.uniform() < 0.7 ? 400 : bytes.length - 1));
    bytes[at] = random.integer(0, 255);
  }
  if (random.uniform() < 0.3) return bytes.subarray(0, random.integer(1, bytes.length));
  return random.uniform() < 0.1 ? Buffer.concat([bytes, bytes]) : bytes;
}

/** Files that are named like pictures or models but are not. */
function plantStrange(folder: string, ending: string): void {
  execFileSync('mkfifo', [join(folder, `pipe.${ending}`)]);
  const links = {
    zero: '/dev/zero',
    random: '/dev/random',
    self: `self.${ending}`,
    passwd: '/etc/passwd',
    nowhere: '/no/where',
    memory: '/proc/self/mem',
    folder: '/',
  };
  for (const [name, to] of Object.entries(links)) symlinkSync(to, join(folder, `${name}.${ending}`));
  mkdirSync(join(folder, `directory.${ending}`));
  writeFileSync(join(folder, `empty.${ending}`), '');
}

/** Damaged and strange pictures: thumbnails of each, and a batch over all of them. */
export async function pictures(target: Target, tally: Tally, folder: string): Promise<void> {
  const random = randomStream(1, 'pictures');
  const inside = join(folder, 'pictures');
  mkdirSync(inside);
  const whole = sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } }).withMetadata({
    orientation: 6,
  });
  const formats = ['jpeg', 'png', 'webp', 'tiff', 'gif', 'avif'] as const;
  for (const format of formats) {
    const bytes = await whole.clone().toFormat(format).toBuffer();
    for (let i = 0; i < 30; i++) writeFileSync(join(inside, `${format} ${i}.${format}`), mutated(bytes, random));
  }
  writeFileSync(
    join(inside, 'drawing.png'),
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>',
  );
  const gif = Buffer.from(
    'GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x4c\x01\0;',
    'latin1',
  );
  writeFileSync(join(inside, 'huge.gif'), gif);
  plantStrange(inside, 'png');
  const id = await target.place(inside);
  const { entries } = await target.value<{ entries: { id: string; name: string; kind: string }[] }>('places.list', {
    folder: id,
    show: 'pictures',
  });
  const bearer = { authorization: `Bearer ${target.bearer}` };
  for (const { id: picture, name } of entries) {
    const began = performance.now();
    const { status } = await target.send('GET', `/picture/${picture}?size=320`, bearer);
    const ms = performance.now() - began;
    tally.expect(
      [200, 400, 404, 415, 422].includes(status) && ms < LONGEST_MS,
      () => `thumbnail of ${name}: ${status} after ${Math.round(ms)} ms`,
    );
    if (name.startsWith('passwd')) tally.expect(status !== 200, () => 'the list of users is shown as a picture');
  }
  await restoreAll(target, tally, [id], join(folder, 'pictures out'));
}

interface Batch {
  id: string;
  state: string;
  total: number;
  done: number;
  failed: number;
  skipped: number;
}

/** Restores folders with the model that changes nothing, and expects the batch to end with a state for every file. */
async function restoreAll(target: Target, tally: Tally, places: string[], outPath: string): Promise<void> {
  mkdirSync(outPath);
  const { pictures } = await target.value<{ pictures: { id: string }[] }>('restore.collect', { places });
  const { id } = await target.value<Batch>('batches.start', {
    pictures: pictures.map((picture) => picture.id),
    models: ['identity'],
    effect: { strength: 1, ensemble: false, luminance: false },
    out: await target.place(outPath),
    options: { format: 'same', quality: 92, template: '{name}', conflict: 'unique', strip: 'none', provenance: true },
  });
  const until = performance.now() + 600_000;
  let batch: Batch | undefined;
  do {
    await new Promise((resolve) => setTimeout(resolve, 500));
    batch = (await target.value<Batch[]>('batches.list', {})).find((each) => each.id === id);
  } while (batch && ['queued', 'running', 'paused'].includes(batch.state) && performance.now() < until);
  const settled = batch && batch.state === 'finished' && batch.done + batch.failed + batch.skipped === batch.total;
  for (let i = 0; i < pictures.length; i++)
    tally.expect(settled === true, () => `the batch has not ended: ${JSON.stringify(batch)?.slice(0, 200)}`);
  const made = readdirSync(outPath, { recursive: true }).length;
  tally.expect(made >= (batch?.done ?? 0), () => `${batch?.done} results were told and ${made} are there`);
}

/** Names that lead out of the folder, contain commands for terminal or shell, or are not UTF-8. */
export async function names(target: Target, tally: Tally, folder: string): Promise<void> {
  const inside = join(folder, 'names');
  mkdirSync(inside);
  const jpeg = await sharp({ create: { width: 20, height: 20, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const strange = [
    ...[
      '-rf',
      '--help',
      '$(touch pwned)',
      '`touch pwned`',
      '; touch pwned',
      '| touch pwned',
      '%00',
      '..%2f..%2fx',
      '...',
      'a\nb',
      'a\tb',
    ],
    ...[
      '\x1b[2J\x1b]0;x\x07',
      '\u202egpj',
      'é',
      'e\u0301',
      '照片',
      '👩‍👩‍👧',
      'con',
      'nul',
      'aux.',
      ' space ',
      '@file',
      '*',
      '?',
      '{name}',
      '{counter}',
    ],
    ...[
      'x'.repeat(250),
      '字'.repeat(83),
      'quote\'"',
      '<img src=x onerror=alert(1)>',
      '\\..\\..\\x',
      '\\xE9',
      '~',
      '#',
      'a:b',
      '[Original]',
    ],
  ];
  for (const name of strange) writeFileSync(join(inside, `${name}.jpg`), jpeg);
  for (const bytes of ['\xff\xfe', 'caf\xe9', '\xc0\xaf..\xc0\xaf', '\xed\xa0\x80', '\x80'])
    writeFileSync(Buffer.concat([Buffer.from(`${inside}/`), Buffer.from(`${bytes}.jpg`, 'latin1')]), jpeg);
  const id = await target.place(inside);
  const { entries } = await target.value<{ entries: { id: string; name: string }[] }>('places.list', {
    folder: id,
    show: 'pictures',
  });
  // Hidden ones are left out.
  const shown = strange.filter((name) => !name.startsWith('.')).length + 5;
  tally.expect(entries.length === shown, () => `${entries.length} of ${shown} names are listed`);
  for (const { id: picture, name } of entries) {
    const { status } = await target.send('GET', `/picture/${picture}?size=64`, {
      authorization: `Bearer ${target.bearer}`,
    });
    tally.expect(status === 200, () => `${JSON.stringify(name)} is not shown: ${status}`);
  }
  await restoreAll(target, tally, [id], join(folder, 'names out'));
  tally.expect(
    readdirSync(join(folder, 'names out')).length === entries.length,
    () => 'not every strange name has a result',
  );
  for (const place of [folder, inside, process.cwd(), target.home])
    tally.expect(!readdirSync(place).includes('pwned'), () => `a name was run as a command in ${place}`);
}

/** Damaged and hostile model files. */
export async function models(target: Target, tally: Tally, folder: string): Promise<void> {
  const random = randomStream(1, 'models');
  const inside = join(folder, 'models');
  mkdirSync(inside);
  const bytes = readFileSync(seededModel(folder, 'nafnet'));
  for (let i = 0; i < 12; i++) writeFileSync(join(inside, `${i}.safetensors`), mutated(bytes, random));
  const header = (json: string): Buffer => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([length, Buffer.from(json)]);
  };
  writeFileSync(
    join(inside, 'claims.safetensors'),
    header('{"a":{"dtype":"F32","shape":[1000000000,1000000000],"data_offsets":[0,4]}}'),
  );
  writeFileSync(join(inside, 'nested.safetensors'), header(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`));
  const many = Array.from({ length: 200_000 }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`);
  writeFileSync(join(inside, 'many.safetensors'), header(`{${many.join()}}`));
  for (const ending of ['pth', 'onnx', 'npz', 'json'])
    writeFileSync(join(inside, `noise.${ending}`), mutated(bytes, random));
  writeFileSync(join(inside, 'run.pth'), "cos\nsystem\n(S'touch pwned'\ntR.");
  plantStrange(inside, 'safetensors');
  const id = await target.place(inside);
  const { entries } = await target.value<{ entries: { id: string; name: string; kind: string }[] }>('places.list', {
    folder: id,
    show: 'weights',
  });
  for (const { id: file, name, kind } of entries) {
    if (kind === 'folder' && !name.includes('.')) continue;
    const began = performance.now();
    const { status, body } = await target.call('models.add', { file });
    const ms = performance.now() - began;
    tally.expect(
      (status === 200 || (status >= 400 && status < 500)) && !body.includes('"internal"') && ms < LONGEST_MS * 2,
      () => `model ${name}: ${status} after ${Math.round(ms)} ms: ${body.slice(0, 160)}`,
    );
  }
  const broken = await target.value<unknown[]>('models.broken', {});
  tally.expect(broken.length === 0, () => `${broken.length} broken models were taken in`);
}

/** Configurations that expand without limit. They are read in this process, as the command line does. */
export function configurations(tally: Tally, folder: string): void {
  const layers = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]`);
  const files: Record<string, string> = {
    laughs: ['a0: &a0 [x]', ...layers].join('\n'),
    keys: Array.from({ length: 200_000 }, (_, i) => `k${i}: 1`).join('\n'),
    nested: `${'['.repeat(100_000)}`,
    flow: `${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`,
    self: 'a: &a\n  b: *a\n',
    code: 'a: !!js/function "function () { process.exit(9) }"\nb: !!python/object/apply:os.system ["touch pwned"]\n',
    merge: `a: &a {x: 1}\nb:\n  <<: [${'*a,'.repeat(10_000)}]\n`,
    proto: '__proto__:\n  polluted: true\nconstructor: {prototype: {polluted: true}}\n',
    numbers: 'steps: 1e999\nseed: .nan\nthreads: 99999999999999999999999\n',
    long: `name: ${'x'.repeat(5_000_000)}\n`,
    binary: Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)).toString('latin1'),
    empty: '',
    documents: '---\na: 1\n'.repeat(10_000),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, `${name}.yml`);
    writeFileSync(file, text);
    const began = performance.now();
    let thrown: unknown;
    try {
      readConfigFile(file);
    } catch (error) {
      thrown = error;
    }
    const ms = performance.now() - began;
    tally.expect(
      thrown instanceof AppError && ms < 5000,
      () => `${name}.yml after ${Math.round(ms)} ms: ${String(thrown).slice(0, 200)}`,
    );
    const length = thrown instanceof Error ? thrown.message.length : 0;
    tally.expect(length < 2000, () => `${name}.yml: the error has ${length} characters`);
  }
  tally.expect(!('polluted' in {}), () => 'a configuration has changed every object');
}
