import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProgramRecord } from '../../database/jobRepository.ts';
import { isRunning, pidOf, processIdentity } from './processes.ts';

/**
 * Who owns a job, and whether that program is still running. On this machine, its process shows that. For a program on
 * another machine or in another container that shares the home folder, only its heartbeat can be seen: it is gone if
 * the heartbeat has not risen while we watched for long enough. Clocks are never compared.
 */

/** Interval at which a program that owns jobs increases its heartbeat. */
export const BEAT_MS = 2000;
/** A program is gone if its heartbeat has not risen while it was watched for this long. */
export const LEASE_MS = 20_000;
/** The most that one look adds to the time of watching, because a machine may have slept in between. */
const MOST_PER_LOOK_MS = 5000;

/** This program, as a new owner of jobs. */
export function thisProgram(): Omit<ProgramRecord, 'beat'> {
  return { id: randomUUID(), machine: machineIdentity(), host: hostname(), process: processIdentity() };
}

/** Where a program runs, as text. */
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
   * @param machine identity of this machine
   * @param now a clock in milliseconds that never jumps
   */
  constructor(machine: string = machineIdentity(), now: () => number = () => performance.now()) {
    this.#machine = machine;
    this.#now = now;
  }

  /**
   * Whether the program is certainly gone. Call it every few seconds; for a program on another machine, several calls
   * are needed.
   */
  isGone(program: ProgramRecord): boolean {
    const silent = this.isSilent(program);
    return this.isHere(program) ? !isRunning(program.process) : silent;
  }

  /** Whether it runs on this machine, so that its process id is valid here. */
  isHere({ machine }: ProgramRecord): boolean {
    return machine === '' || machine === this.#machine;
  }

  /**
   * Whether a program shows no sign of life, although its process may exist: for example if it was stopped with Ctrl-Z.
   */
  isSilent(program: ProgramRecord): boolean {
    return this.#stillFor(program) >= LEASE_MS;
  }

  /** For how many milliseconds of watching its heartbeat has not risen. */
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
 * Identifies this machine since its last boot, and tells containers apart from their host and from each other. Process
 * ids are comparable between two programs only if this is equal.
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
    // The host name has to suffice.
  }
  return '';
}

/** Each container has its own process ids. */
function processSpace(): string {
  try {
    return process.platform === 'linux' ? readlinkSync('/proc/self/ns/pid') : '';
  } catch {
    return '';
  }
}
