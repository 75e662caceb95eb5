import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProgramRecord } from '../../database/jobRepository.ts';
import { isRunning, pidOf, processIdentity } from './processes.ts';

/**
 * Who owns a job, and whether it is still there. A program on this machine is there as long as its process is. Of a program
 * elsewhere (another machine or container that shares the home folder) only its beat is seen: it is gone when the beat has
 * not risen while we watched for long enough. Clocks are never compared.
 */

/** How often a program that owns a job shows that it lives. */
export const BEAT_MS = 2000;
/** A beat that has not risen in so much time of watching belongs to a program that is gone. */
export const LEASE_MS = 20_000;
/** What one look may add to the time of watching: a machine that slept in between has seen nothing. */
const MOST_PER_LOOK_MS = 5000;

/** This program, as a new owner of jobs. */
export function thisProgram(): Omit<ProgramRecord, 'beat'> {
  return { id: randomUUID(), machine: machineIdentity(), host: hostname(), process: processIdentity() };
}

/** In words: where a program runs. */
export function describeProgram({ machine, host, process }: Omit<ProgramRecord, 'beat'>): string {
  const pid = `process ${pidOf(process)}`;
  return machine === '' || machine === machineIdentity() ? pid : `${pid} on ${host}`;
}

/** Watches other programs that own jobs. */
export class OwnerWatch {
  readonly #machine: string;
  readonly #now: () => number;
  readonly #seen = new Map<string, { beat: number; looked: number; still: number }>();

  /**
   * @param machine of this program
   * @param now a clock in milliseconds that never jumps
   */
  constructor(machine: string = machineIdentity(), now: () => number = () => performance.now()) {
    this.#machine = machine;
    this.#now = now;
  }

  /** Whether the program is gone for certain. Call it every few seconds: elsewhere only several looks can tell. */
  isGone(program: ProgramRecord): boolean {
    const silent = this.isSilent(program);
    return this.isHere(program) ? !isRunning(program.process) : silent;
  }

  /** Whether its process number means anything here. */
  isHere({ machine }: ProgramRecord): boolean {
    return machine === '' || machine === this.#machine;
  }

  /** Whether a program shows no life although its process may be there: one that was stopped with Ctrl-Z. */
  isSilent(program: ProgramRecord): boolean {
    return this.#stillFor(program) >= LEASE_MS;
  }

  /** Milliseconds of watching in which its beat has not risen. */
  #stillFor({ id, beat }: ProgramRecord): number {
    const now = this.#now();
    const before = this.#seen.get(id);
    const still = before?.beat === beat ? before.still + Math.min(now - before.looked, MOST_PER_LOOK_MS) : 0;
    this.#seen.set(id, { beat, looked: now, still });
    return still;
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }
}

let machine: string | undefined;

/**
 * Tells this machine, since its last start, from all others; a container from its host and from other containers. Process
 * numbers mean the same to two programs exactly if this is equal.
 */
export function machineIdentity(): string {
  machine ??= [hostname(), bootIdentity(), processSpace()].join(' ');
  return machine;
}

function bootIdentity(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    if (process.platform === 'darwin')
      return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
  } catch {
    // Then the name alone has to do.
  }
  return '';
}

/** Containers number their processes each for itself. */
function processSpace(): string {
  try {
    return process.platform === 'linux' ? readlinkSync('/proc/self/ns/pid') : '';
  } catch {
    return '';
  }
}
