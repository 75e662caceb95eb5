/**
 * `npm run faults -- [--rounds N] [--seed S] [--first N] [--work train|batch|model|state] [--kind K]`: each round does a work
 * in a home of its own, while at a random call that changes a file the disk is full, fails, refuses, writes a part only,
 * or the whole program is killed. It prints every round and what should not be; a round can be repeated alone with --first.
 */
import { parseArgs } from 'node:util';
import { randomStream } from '../../src/core/random.ts';
import { Bench, type Work, works } from './bench.ts';
import { type FaultKind, whyNoFaults } from './faultyDisk.ts';

const faults = ['full', 'failing', 'refused', 'short', 'killed'] as const;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '1' },
    work: { type: 'string' },
    kind: { type: 'string' },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);
if (whyNoFaults) throw new Error(`This ${whyNoFaults}.`);

const bench = await Bench.open();
const counts = new Map<string, number>();
const tally = { rounds: 0, met: 0, done: 0, refused: 0, killed: 0 };
const problems: string[] = [];
const first = Number(values.first);
for (let round = first; round < first + Number(values.rounds); round++) {
  const random = randomStream(Number(values.seed), 'faults', round);
  const pick = <Value>(of: readonly Value[]): Value => of[random.integer(0, of.length - 1)] as Value;
  const work = (values.work as Work | undefined) ?? pick(works);
  const kind: FaultKind = (values.kind as FaultKind | undefined) ?? pick(faults);
  const key = `${work} ${kind}`;
  if (!counts.has(key)) counts.set(key, await bench.calls(work, kind));
  const at = random.integer(1, counts.get(key) ?? 1);
  const ms = pick([0, 50, 2000]);
  const { ended, hits, problems: found } = await bench.meet(work, { kind, at, ms });
  tally.rounds++;
  if (hits > 0) tally.met++;
  if (ended.signal !== null) tally.killed++;
  else if (ended.code === 0) tally.done++;
  else tally.refused++;
  const how = ended.signal ?? (ended.code === 0 ? 'done' : `refused: ${ended.stderr.trim().split('\n').at(-1)}`);
  say(`${round}: ${work}, ${kind} at ${at} of ${counts.get(key)} for ${ms} ms, ${hits} hit: ${how}`);
  for (const problem of found) {
    say(`  PROBLEM: ${problem}`);
    problems.push(`${round} ${work} ${kind} at ${at} for ${ms} ms: ${problem}`);
  }
}
bench.close();
say(`${JSON.stringify({ seed: Number(values.seed), first, ...tally })}; ${problems.length} problems`);
for (const problem of problems) say(`- ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
