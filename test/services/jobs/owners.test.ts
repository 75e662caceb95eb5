import { describe, expect, it, vi } from 'vitest';
import type { ProgramRecord } from '../../../src/database/jobRepository.ts';
import { describeProgram, LEASE_MS, machineIdentity, OwnerWatch } from '../../../src/services/jobs/owners.ts';
import { processIdentity } from '../../../src/services/jobs/processes.ts';

const here: ProgramRecord = {
  id: 'here',
  machine: machineIdentity(),
  host: 'desk',
  process: processIdentity(),
  beat: 0,
};
/** In another container: its process number means nothing here, and may even be ours. */
const elsewhere: ProgramRecord = { ...here, id: 'elsewhere', machine: 'another container' };

/** A watch whose monotonic clock is set by hand. */
function watchAt(): { watch: OwnerWatch; pass: (ms: number) => void } {
  let now = 1000;
  return { watch: new OwnerWatch(machineIdentity(), () => now), pass: (ms) => void (now += ms) };
}

describe('an owner on this machine', () => {
  it('is alive as long as its process is, however long its heartbeat stands still', () => {
    const { watch, pass } = watchAt();
    for (let i = 0; i < 100; i++) {
      expect(watch.isGone(here)).toBe(false);
      pass(4000);
    }
    expect(watch.isSilent(here)).toBe(true);
  });

  it('is gone at once when its process is, also if it was stored before version 0.2', () => {
    const { watch } = watchAt();
    const process = `${here.process.split('@')[0]}@an earlier start`;
    expect(watch.isGone({ ...here, process })).toBe(true);
    expect(watch.isGone({ ...here, machine: '', process })).toBe(true);
    expect(watch.isGone({ ...here, machine: '' })).toBe(false);
  });
});

describe('an owner elsewhere', () => {
  it('is alive while its heartbeat rises, whatever its process number', () => {
    const { watch, pass } = watchAt();
    for (let beat = 0; beat < 100; beat++) {
      expect(watch.isGone({ ...elsewhere, process: '1@none', beat })).toBe(false);
      pass(4000);
    }
  });

  it('is gone when its heartbeat has stood still for the length of a lease, and not before', () => {
    const { watch, pass } = watchAt();
    for (let watched = 0; watched < LEASE_MS; watched += 2000) {
      expect(watch.isGone(elsewhere), `after ${watched} ms`).toBe(false);
      pass(2000);
    }
    expect(watch.isGone(elsewhere)).toBe(true);
    expect(watch.isGone({ ...elsewhere, beat: 1 })).toBe(false);
  });

  it('is not gone because this machine slept, or because its clock was changed', () => {
    const { watch, pass } = watchAt();
    expect(watch.isGone(elsewhere)).toBe(false);
    pass(10 * 3_600_000);
    expect(watch.isGone(elsewhere)).toBe(false);
    vi.useFakeTimers({ toFake: ['Date'], now: 0 });
    try {
      expect(watch.isGone(elsewhere)).toBe(false);
      vi.setSystemTime(new Date('2100-01-01'));
      expect(watch.isGone(elsewhere)).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is named with its machine', () => {
    expect(describeProgram(here)).toBe(`process ${process.pid}`);
    expect(describeProgram(elsewhere)).toBe(`process ${process.pid} on desk`);
  });
});
