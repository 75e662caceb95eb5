import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { constantWeights } from '../../core/formats/modelWeights.ts';
import { loadWeights } from '../../../src/core/formats/loadWeights.ts';
import { readWeightsFile } from '../../../src/core/formats/readWeights.ts';
import { writeSafetensors } from '../../../src/core/formats/safetensors.ts';
import { writeTorchFile } from '../../../src/core/formats/torch/writeTorch.ts';
import { RunFolder } from '../../../src/core/training/runFolder.ts';
import { type Home, openHome } from '../../../src/services/app/home.ts';
import { addModel, convertModel, listModels, removeModel, resolveModel } from '../../../src/services/models/models.ts';
import { writeRunRecord } from '../../../src/services/training/runRecord.ts';
import { describeWithShared, shared } from '../../shared.ts';
import { prepareStart } from '../../../src/services/training/retrain.ts';
import { type RunConfig, runConfig } from '../../../src/shared/runConfig.ts';

let home: Home;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-models-'));
  const includedModels = join(folder, 'included');
  mkdirSync(includedModels);
  home = { ...openHome(join(folder, 'home')), includedModels };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A small EDSR with every value set to `value`. */
const edsr = { num_feat: 4, num_block: 1, upscale: 2 };
const weightsIn = ({ file, hash }: { file: string; hash: string }) => loadWeights({ path: file, hash });
const weightsOf = (value: number) => constantWeights('edsr', edsr, value);

describe('models that come with the program', () => {
  beforeEach(async () => {
    const maker = { ...openHome(join(folder, 'maker')), includedModels: home.includedModels };
    writeFileSync(join(folder, 'Denoise.pth'), writeTorchFile(weightsOf(0.25)));
    await addModel(join(folder, 'Denoise.pth'), maker);
    home = { ...home, includedModels: maker.models };
  });

  it('are listed first, found by id and title, and used where they lie', async () => {
    writeFileSync(join(folder, 'own.pth'), writeTorchFile(weightsOf(0.5)));
    await addModel(join(folder, 'own.pth'), home);
    expect((await listModels(home)).map(({ id, included }) => [id, included])).toEqual([
      ['denoise', true],
      ['own', undefined],
    ]);
    const model = await resolveModel('DENOISE', home);
    expect(model.file).toBe(join(home.includedModels, 'denoise.safetensors'));
    expect([...(await weightsIn(model))]).toEqual([...weightsOf(0.25)]);
  });

  it('are not added again, not removed, and their ids are not given to others', async () => {
    expect((await addModel(join(folder, 'Denoise.pth'), home)).included).toBe(true);
    await expect(removeModel('denoise', home)).rejects.toThrow('comes with the program');
    writeFileSync(join(folder, 'other.pth'), writeTorchFile(weightsOf(0.75)));
    expect((await addModel(join(folder, 'other.pth'), home, { title: 'Denoise' })).id).toBe('denoise-2');
    expect(readdirSync(home.includedModels).sort()).toEqual(['denoise.json', 'denoise.safetensors']);
  });
});

describe('added models', () => {
  it('are found by id, title and file, once each', async () => {
    const file = join(folder, 'My EDSR.pth');
    writeFileSync(file, writeTorchFile(weightsOf(0.5)));
    const card = await addModel(file, home, { licence: 'MIT' });
    expect(card).toMatchObject({
      id: 'my-edsr',
      title: 'My EDSR',
      network: 'edsr',
      scale: 2,
      licence: 'MIT',
      source: 'My EDSR.pth',
    });
    expect(card.options).toMatchObject(edsr);
    expect(await addModel(file, home)).toEqual(card);
    expect(await listModels(home)).toEqual([card]);
    rmSync(file);
    for (const ref of ['my-edsr', 'my EDSR']) {
      const model = await resolveModel(ref, home);
      expect(model).toMatchObject({ network: 'edsr', hash: card.hash, title: 'My EDSR' });
      expect([...(await weightsIn(model))]).toEqual([...weightsOf(0.5)]);
    }
  });

  it('get ids of their own and are removed with their files', async () => {
    for (const value of [1, 2]) {
      mkdirSync(join(folder, String(value)));
      writeFileSync(join(folder, String(value), 'net.safetensors'), writeSafetensors(weightsOf(value)));
      await addModel(join(folder, String(value), 'net.safetensors'), home);
    }
    expect((await listModels(home)).map(({ id }) => id)).toEqual(['net', 'net-2']);
    await removeModel('net', home);
    expect(readdirSync(home.models).sort()).toEqual(['net-2.json', 'net-2.safetensors']);
    await expect(removeModel('net', home)).rejects.toThrow(/no added model "net"/);
  });

  it('remember how their input is normalised: as the authors do it, unless our own file says otherwise', async () => {
    const weights = constantWeights('ffanet', { blocks: 1 }, 0.1);
    const authors = join(folder, 'authors.pth');
    writeFileSync(authors, writeTorchFile(weights));
    const published = { mean: [0.64, 0.6, 0.58], std: [0.14, 0.15, 0.152] };
    expect(await resolveModel(authors, home)).toMatchObject({ network: 'ffanet', inputNorm: published });
    const start = (network: object): RunConfig =>
      runConfig.parse({
        network: { type: 'ffanet', options: { blocks: 1 }, ...network },
        data: { train: { target: '-' } },
      });
    expect((await prepareStart(start({ weights: authors }), home)).network.inputNorm).toEqual(published);
    const own = { mean: [0, 0, 0], std: [1, 1, 1] };
    expect((await prepareStart(start({ weights: authors, inputNorm: own }), home)).network.inputNorm).toEqual(own);
    expect((await prepareStart(start({}), home)).network.inputNorm).toBeUndefined();
    await expect(prepareStart(start({ weights: authors, options: { blocks: 2 } }), home)).rejects.toThrow(
      /do not fit the network: .* is missing.*Choose the network and options they were trained with/,
    );
    const plain = join(folder, 'plain.safetensors');
    writeFileSync(
      plain,
      writeSafetensors(weights, { mcir: JSON.stringify({ network: 'ffanet', options: { blocks: 1 } }) }),
    );
    const written = join(folder, 'written.pth');
    await convertModel(await resolveModel(plain, home), written, home);
    expect((await resolveModel(written, home)).inputNorm).toBeUndefined();
  });

  it('are refused when their file has changed', async () => {
    const file = join(folder, 'a.safetensors');
    writeFileSync(file, writeSafetensors(weightsOf(1)));
    await addModel(file, home);
    const kept = join(home.models, 'a.safetensors');
    const bytes = readFileSync(kept);
    bytes[bytes.length - 1] = 1;
    writeFileSync(kept, bytes);
    await expect(resolveModel('a', home)).rejects.toThrow(/has changed since it was added/);
  });

  it('are suggested where a name is misspelt', async () => {
    writeFileSync(join(folder, 'garden.safetensors'), writeSafetensors(weightsOf(1)));
    await addModel(join(folder, 'garden.safetensors'), home);
    await expect(resolveModel('gardn', home)).rejects.toThrow(/Did you mean "garden"/);
  });
});

describe('runs', () => {
  const description = {
    network: 'edsr',
    options: edsr,
    title: 'haze',
    run: 'r1',
    step: 10,
    inputNorm: { mean: [0, 0, 0], std: [1, 1, 1] },
  };

  it('are found by id: the best checkpoint, else the averaged weights of the last', async () => {
    const checkpoints = join(home.runs, 'r1', 'checkpoints');
    mkdirSync(checkpoints, { recursive: true });
    await expect(resolveModel('r1', home)).rejects.toThrow(/no checkpoint yet/);
    const state = new Map([...weightsOf(1)].map(([name, tensor]) => [`net.${name}`, tensor]));
    for (const [name, tensor] of weightsOf(2)) state.set(`ema.${name}`, tensor);
    writeFileSync(
      join(checkpoints, 'last.safetensors'),
      writeSafetensors(state, { mcir: JSON.stringify(description), trainer: '{}' }),
    );
    const last = await resolveModel('r1', home);
    expect(last).toMatchObject({
      run: 'r1',
      network: 'edsr',
      scale: 2,
      title: 'haze',
      inputNorm: description.inputNorm,
    });
    expect((await weightsIn(last)).get('conv_first.bias')?.data[0]).toBe(2);
    writeFileSync(
      join(checkpoints, 'best.safetensors'),
      writeSafetensors(weightsOf(3), { mcir: JSON.stringify(description) }),
    );
    expect((await weightsIn(await resolveModel('r1', home))).get('conv_first.bias')?.data[0]).toBe(3);
  });

  it('are found by a name that one run with a checkpoint has', async () => {
    const leave = (id: string): RunFolder => {
      const folder = new RunFolder(join(home.runs, id)).create();
      writeRunRecord(folder, {
        id,
        name: 'fog',
        state: 'finished',
        created: 1,
        changed: 1,
        note: '',
        tags: [],
        states: [],
      });
      return folder;
    };
    const [first, second] = [leave('n1'), leave('n2')];
    writeFileSync(
      first.checkpoint('best'),
      writeSafetensors(weightsOf(1), { mcir: JSON.stringify({ ...description, run: 'n1' }) }),
    );
    expect(await resolveModel('fog', home)).toMatchObject({ run: 'n1' });
    copyFileSync(first.checkpoint('best'), second.checkpoint('best'));
    await expect(resolveModel('fog', home)).rejects.toThrow('2 runs are called "fog". Use an id instead: n1, n2.');
  });

  it('are not looked for outside the folder of runs', async () => {
    mkdirSync(join(home.root, 'elsewhere', 'checkpoints'), { recursive: true });
    await expect(resolveModel('../elsewhere', { ...home })).rejects.toThrow(/no model, file or run/);
  });
});

/** The command as people run it. */
function mcir(...args: string[]): string {
  const { stdout, stderr, status } = run(args);
  if (status !== 0) throw new Error(`${status}: ${stderr}`);
  return stdout;
}

const mcirErrors = (...args: string[]): string => run(args).stderr;

function run(args: string[]) {
  const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
  return spawnSync(process.execPath, [main, ...args], {
    env: { ...process.env, MCIR_HOME: home.root },
    encoding: 'utf8',
  });
}

describeWithShared('mcir models', 'weights', () => {
  it('adds, inspects, converts, lists and removes the published IMDN', async () => {
    mcir('models', 'add', shared('weights/IMDN_x4.pth'), '--title', 'IMDN x4');
    expect(mcir('models', 'list')).toMatch(/imdn-x4 +IMDN +x4/);
    const pth = join(folder, 'imdn.pth');
    mcir('models', 'convert', 'imdn-x4', pth);
    const report = JSON.parse(mcir('models', 'inspect', pth, '--json')) as {
      network: string;
      options: object;
      tensors: number;
    };
    expect(report).toMatchObject({ network: 'imdn', options: { upscale: 4 }, tensors: 92 });
    const [original, converted] = [await readWeightsFile(shared('weights/IMDN_x4.pth')), await readWeightsFile(pth)];
    expect([...converted.weights.keys()].sort()).toEqual([...original.weights.keys()].sort());
    for (const [name, tensor] of original.weights) expect(converted.weights.get(name)).toEqual(tensor);
    mcir('models', 'remove', 'imdn-x4');
    expect(readdirSync(home.models)).toEqual([]);
  });

  it('writes ONNX that can be added, with the normalisation of the input inside', async () => {
    const file = join(folder, 'haze.safetensors');
    const inputNorm = { mean: [0.5, 0.5, 0.5], std: [2, 2, 2] };
    writeFileSync(
      file,
      writeSafetensors(constantWeights('ffanet', { blocks: 1 }, 0), {
        mcir: JSON.stringify({ network: 'ffanet', options: { blocks: 1 }, inputNorm }),
      }),
    );
    mcir('models', 'convert', file, join(folder, 'haze.onnx'));
    expect(await resolveModel(join(folder, 'haze.onnx'), home)).toMatchObject({
      network: 'graph',
      scale: 1,
      graph: { range: 1, multipleOf: 1 },
    });
    const { InferenceSession, Tensor } = await import('onnxruntime-node');
    const session = await InferenceSession.create(join(folder, 'haze.onnx'));
    const { output } = await session.run({
      input: new Tensor('float32', new Float32Array(3 * 5 * 7).fill(0.9), [1, 3, 5, 7]),
    });
    expect(output?.dims).toEqual([1, 3, 5, 7]);
    // FFA-Net adds its input to what it computes, which is nothing here: (0.9 - 0.5) / 2.
    expect((output?.data as Float32Array)[0]).toBeCloseTo(0.2, 6);
    expect(mcir('models', 'inspect', join(folder, 'haze.onnx'))).toMatch(/^Format: +onnx, a finished graph.*x1/);
    expect(mcir('models', 'inspect', file)).toMatch(
      /^Input: +normalised with mean 0\.5, 0\.5, 0\.5 and deviation 2, 2, 2$/m,
    );
    expect(JSON.parse(mcir('models', 'add', join(folder, 'haze.onnx'), '--json'))).toMatchObject({
      model: { id: 'haze', network: 'graph', scale: 1 },
    });
    expect(mcirErrors('models', 'convert', file, join(folder, 'haze.pth'))).toMatch(
      /normalised with mean 0\.5, 0\.5, 0\.5/,
    );
  });

  it('says in one sentence why a file is refused, with exit code 2', () => {
    const file = join(folder, 'page.pth');
    writeFileSync(file, '<html>');
    expect(() => mcir('models', 'add', file)).toThrow(/^2: page\.pth: This is a web page/);
    copyFileSync(shared('weights/IMDN_x4.pth'), file);
    expect(() => mcir('models', 'convert', file, join(folder, 'out.txt'))).toThrow(
      /^2: A model cannot be saved as "\.txt"/,
    );
    expect(existsSync(join(folder, 'out.txt'))).toBe(false);
  });
});
