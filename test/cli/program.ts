import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { randomStream } from '../../src/core/random.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

const running = new Set<ChildProcess>();

/** Ends what a failed test has left running; the workers end themselves. */
export function endPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** The command line, running as a process of its own with a home of its own. */
export class Mcir {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stderr = '';

  constructor(home: string, args: readonly string[]) {
    this.child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, MCIR_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.child);
    let stdout = '';
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.ended = new Promise((resolve) =>
      this.child.on('close', (code, signal) => {
        running.delete(this.child);
        resolve({ code, signal, stdout, stderr: this.#stderr });
      }),
    );
  }

  /** Resolves when the program has said this on stderr; rejects when it ends without. */
  async said(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stderr)) {
      const end = await Promise.race([this.ended, new Promise<undefined>((resolve) => setTimeout(resolve, 20))]);
      if (end && !pattern.test(this.#stderr))
        throw new Error(`The program ended without saying ${pattern}:\n${end.stderr}${end.stdout}`);
    }
  }
}

export const mcir = (home: string, ...args: string[]): Promise<Ended> => new Mcir(home, args).ended;

/** Runs a command with --json and gives what it prints. */
export async function mcirJson<T>(home: string, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await mcir(home, ...args, '--json');
  if (code !== 0) throw new Error(`mcir ${args.join(' ')} ended with ${code}:\n${stderr}`);
  return JSON.parse(stdout) as T;
}

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'mcir-test-'));

/** A folder of small pictures with soft structure, and a configuration that trains a tiny network on them. */
export async function tinyTraining(folder: string, fields: Record<string, unknown> = {}): Promise<string> {
  mkdirSync(join(folder, 'clear'), { recursive: true });
  for (let i = 0; i < 5; i++)
    await sharp(softPixels(i, 8), { raw: { width: 8, height: 8, channels: 3 } })
      .resize(40, 40, { kernel: 'cubic' })
      .png()
      .toFile(join(folder, 'clear', `picture ${i}.png`));
  const config = {
    name: 'tiny',
    network: { type: 'nafnet', options: { width: 4, enc_blk_nums: [1], middle_blk_num: 1, dec_blk_nums: [1] } },
    data: {
      train: { target: 'clear', degradations: [{ type: 'gaussian-noise' }] },
      validation: { share: 0.2, count: 2 },
      patch: 16,
      batch: 2,
    },
    steps: 24,
    threads: 2,
    compile: false,
    mcir: { negatives: [{ every: 7 }, { every: 3 }] },
    validateEvery: 8,
    saveEvery: 3,
    ...fields,
  };
  const file = join(folder, 'tiny.yml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function softPixels(seed: number, side: number): Uint8Array {
  const random = randomStream('test picture', seed);
  return Uint8Array.from({ length: side * side * 3 }, () => random.integer(0, 255));
}
