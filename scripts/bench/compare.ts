import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from './median.ts';
import { benchOptions } from './options.ts';

/**
 * Compares two checkouts of this program: `node scripts/bench/compare.ts --before FOLDER [--rounds 5] [bench options]`.
 * Runs `scripts/bench.ts` of FOLDER and of this checkout in turn (A B A B), each in its own process, and prints the
 * medians and their ratios (above 1: this checkout is slower) as one JSON object. A new work tree needs `node_modules`,
 * for example as a link. Measure on a quiet machine.
 */
const { values } = parseArgs({
  allowNegative: true,
  options: { ...benchOptions, before: { type: 'string' }, rounds: { type: 'string', default: '5' } },
});
if (values.before === undefined) throw new Error('Name the other checkout: --before FOLDER');

const names = ['l1_step_ms', 'mcir_step_ms', 'infer_ms'] as const;
type Figures = Record<(typeof names)[number], number>;

const options = Object.entries(values).flatMap(([name, value]) => {
  if (name === 'before' || name === 'rounds') return [];
  if (typeof value === 'boolean') return value ? [] : [`--no-${name}`];
  return [`--${name}`, value];
});

function measure(checkout: string): Figures {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/bench.ts', ...options], {
    cwd: checkout,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`The bench failed in ${checkout}:\n${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Figures;
}

const medians = (runs: Figures[]): Figures =>
  Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name]))])) as Figures;

const [beforeFolder, afterFolder] = [resolve(values.before), resolve(import.meta.dirname, '../..')];
const rounds = Array.from({ length: Number(values.rounds) }, () => ({
  before: measure(beforeFolder),
  after: measure(afterFolder),
}));
const before = medians(rounds.map((round) => round.before));
const after = medians(rounds.map((round) => round.after));
const ratios = Object.fromEntries(
  names.map((name) => [name.replace('_ms', ''), Number((after[name] / before[name]).toFixed(4))]),
);
process.stdout.write(
  `${JSON.stringify({ arch: values.arch, precision: values.precision, rounds: rounds.length, before, after, afterOverBefore: ratios })}\n`,
);
