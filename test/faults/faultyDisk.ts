import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('./faultyDisk.c', import.meta.url));

/** Faults that faultyDisk.c makes, in its order. `short`: part of a write is done. `killed`: all processes of the program end. */
const kinds = ['none', 'full', 'failing', 'refused', 'short', 'killed'] as const;
export type FaultKind = (typeof kinds)[number];

let built: string | undefined;

/** Why this machine cannot make faults, for the name of a test that is skipped; empty where it can. */
export const whyNoFaults = findOut();

function findOut(): string {
  if (process.platform !== 'linux') return 'needs Linux';
  try {
    library();
    return '';
  } catch {
    return 'needs a C compiler (cc)';
  }
}

/** The library that makes a disk fail, compiled once for this process. */
function library(): string {
  if (built === undefined) {
    const file = join(mkdtempSync(join(tmpdir(), 'mcir-faults-')), 'faultyDisk.so');
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', file, source, '-ldl'], { stdio: 'pipe' });
    built = file;
  }
  return built;
}

/** A fault that one run of a program meets. */
export interface Fault {
  kind: FaultKind;
  /** The number of the call that fails, of those that can meet this fault. */
  at: number;
  /** All later ones fail, too, for so long. */
  ms: number;
}

/** A plan of one run: the environment that the program gets, and what has come of it. */
export class FaultPlan {
  readonly #file: string;
  readonly env: Record<string, string>;

  /** @param folders where calls are counted and fail; the program and its children count together */
  constructor({ kind, at, ms }: Fault, folders: readonly string[]) {
    this.#file = join(mkdtempSync(join(tmpdir(), 'mcir-plan-')), 'plan');
    const plan = new BigUint64Array(6);
    plan.set([BigInt(kinds.indexOf(kind)), BigInt(at), BigInt(ms)]);
    writeFileSync(this.#file, plan);
    this.env = { LD_PRELOAD: library(), MCIR_FAULTY_PLAN: this.#file, MCIR_FAULTY_UNDER: folders.join(':') };
  }

  /** Calls so far that could have met the fault. */
  get count(): number {
    return this.#read(3);
  }

  /** Calls that failed. */
  get hits(): number {
    return this.#read(4);
  }

  #read(index: number): number {
    return Number(readFileSync(this.#file).readBigUInt64LE(index * 8));
  }
}
