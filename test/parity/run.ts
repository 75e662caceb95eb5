import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine } from '../../src/core/engine/open.ts';
import { messageOf } from '../../src/shared/errors.ts';
import { swiftShader } from '../swiftShader.ts';
import type { CaseResult } from './fixture.ts';
import { isLpipsFixture, lpipsCases } from './lpips.ts';
import { networkCases } from './networkCases.ts';
import { onnxCases } from './onnxCases.ts';
import { trainingRun } from './trainingRun.ts';

/**
 * `npm run parity -- [--in-shares] [--backend onnx:cpu] DIR...`: compares this program with fixtures computed by the authors'
 * PyTorch code. Finds network fixtures, golden runs and LPIPS figures anywhere below the folders, prints one JSON line for each case, and
 * exits 1 if any fails. With `--in-shares` golden runs are replayed a third time, as trainings on two threads compute them
 * (core/training/shares.ts). With `--backend onnx:PROVIDER` the outputs of networks are those of their ONNX files in ONNX
 * Runtime, by that execution provider; golden runs are left out. `--swiftshader` has WebGPU compute on the processor, with the
 * SwiftShader of Chromium or Electron (test/swiftShader.ts), for computers without a GPU: minutes for each case.
 */
function* fixtures(folder: string): Generator<string> {
  if (existsSync(join(folder, 'meta.json')) || isLpipsFixture(folder)) yield folder;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) yield* fixtures(join(folder, entry.name));
}

async function* cases(folder: string): AsyncGenerator<CaseResult> {
  const isNetwork = existsSync(join(folder, 'io.safetensors')) && existsSync(join(folder, 'weights.safetensors'));
  const provider = /^onnx:(.+)$/.exec(backend)?.[1];
  if (isNetwork && provider !== undefined) yield* onnxCases(folder, provider);
  else if (isNetwork) yield* networkCases(folder);
  else if (provider === undefined && existsSync(join(folder, 'initial.safetensors')))
    yield* trainingRun(folder, inShares);
  else if (isLpipsFixture(folder)) yield* lpipsCases(folder);
}

const {
  values: { 'in-shares': inShares, backend, swiftshader },
  positionals: folders,
} = parseArgs({
  allowPositionals: true,
  options: {
    'in-shares': { type: 'boolean', default: false },
    backend: { type: 'string', default: 'tensorflow' },
    swiftshader: { type: 'boolean', default: false },
  },
});
const count = { passed: 0, failed: 0 };
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

if (folders.length === 0) {
  process.stderr.write('Name the folders with the fixtures: npm run parity -- DIR...\n');
  process.exit(2);
}
if (!/^(tensorflow|onnx:\w+)$/.test(backend)) {
  process.stderr.write('Choose the backend tensorflow, onnx:cpu, or onnx: with another provider of ONNX Runtime.\n');
  process.exit(2);
}
if (swiftshader) runWithSwiftShader();
openEngine();
for (const root of folders) {
  const found = existsSync(root) ? [...fixtures(root)] : [];
  const before = count.passed + count.failed;
  for (const folder of found) await check(folder);
  // A folder that was named and holds nothing to compare is a mistake, not a success.
  if (count.passed + count.failed > before) continue;
  print({
    name: root,
    case: 'all',
    error: existsSync(root) ? 'there is no fixture below this folder' : 'this folder does not exist',
    pass: false,
  });
  count.failed += 1;
}
process.exit(count.failed > 0 ? 1 : 0);

/** Runs this program again in an environment that Vulkan's loader reads when it starts, and ends with its exit code. */
function runWithSwiftShader(): never {
  const vulkan = swiftShader();
  if (!vulkan) {
    process.stderr.write('SwiftShader was not found. Install Chromium, or run: npm run setup\n');
    process.exit(2);
  }
  const args = process.argv.slice(1).filter((arg) => arg !== '--swiftshader');
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...vulkan } });
  process.exit(status ?? 1);
}

async function check(folder: string): Promise<void> {
  try {
    for await (const result of cases(folder)) {
      print(result);
      count[result.pass ? 'passed' : 'failed'] += 1;
    }
  } catch (error) {
    print({ name: folder, case: 'all', error: messageOf(error), pass: false });
    count.failed += 1;
  }
}
