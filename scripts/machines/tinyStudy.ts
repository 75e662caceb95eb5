import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openFileSource } from '../../src/core/formats/byteSource.ts';
import { readSafetensorsMetadata } from '../../src/core/formats/safetensors.ts';
import { tinyTraining } from '../../test/cli/program.ts';

/** A study of tiny trainings, for scripts that disturb it and compare the results with an undisturbed one. */

export const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Writes the study into a folder. @returns its file */
export async function tinyStudy(folder: string, seeds: readonly number[], steps: number): Promise<string> {
  mkdirSync(folder, { recursive: true });
  await tinyTraining(folder, {
    ...{ steps, validateEvery: steps, saveEvery: 10, threads: 1 },
    mcir: { negatives: [{ every: 7 }] },
  });
  mkdirSync(join(folder, 'final'));
  for (const name of ['picture 3.png', 'picture 4.png'])
    renameSync(join(folder, 'clear', name), join(folder, 'final', name));
  const file = join(folder, 'study.yml');
  const arms = [
    { name: 'L1', set: { mcir: null } },
    { name: 'MCIR', set: { 'mcir.weight': 0.01 } },
  ];
  writeFileSync(file, JSON.stringify({ name: 'Tiny', base: 'tiny.yml', arms, seeds, final: { target: 'final' } }));
  return file;
}

/** Runs the command line as a separate process, with its output in a file. */
export function startMcir(
  home: string,
  args: readonly string[],
  log: string,
): { child: ChildProcess; ended: Promise<number> } {
  mkdirSync(home, { recursive: true });
  const child = spawn(process.execPath, [mainFile, ...args], {
    env: { ...process.env, MCIR_HOME: home, CUDA_VISIBLE_DEVICES: '-1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const append = (text: Buffer): void => writeFileSync(log, text, { flag: 'a' });
  child.stdout.on('data', append);
  child.stderr.on('data', append);
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1))) };
}

/** For every run of a home folder: its name, and the hash over all tensors of its last checkpoint. */
export function digestsOf(home: string): Record<string, string> {
  const runs = join(home, 'runs');
  return Object.fromEntries(
    readdirSync(runs)
      .filter((id) => existsSync(join(runs, id, 'checkpoints', 'last.safetensors')))
      .map((id) => {
        const { name } = JSON.parse(readFileSync(join(runs, id, 'run.json'), 'utf8')) as { name: string };
        using file = openFileSource(join(runs, id, 'checkpoints', 'last.safetensors'));
        const { trainer = '{}' } = readSafetensorsMetadata(file);
        return [name, (JSON.parse(trainer) as { sha256: string }).sha256] as const;
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
