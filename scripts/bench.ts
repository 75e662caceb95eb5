import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { comparePeers } from './bench/peers.ts';
import { median } from './bench/median.ts';
import { commonOptions, readOptions } from './bench/options.ts';

/**
 * `npm run bench`: times a plain L1 step, an MCIR step and the inference of one picture, like the peer program
 * (../shared/peer/torch_step.py), and prints one JSON object. With `--peer` both programs run in turn (A B A B), each
 * in its own process, and the ratios of the medians are printed (above 1: this program is faster). With `--data FOLDER`
 * it trains on real pictures and prints the share of time that steps waited for data. With `--peers` it prints a table
 * of inference times of this program, ONNX Runtime, PyTorch and OpenVINO (bench/peers.ts).
 */
const values = readOptions({
  peer: { type: 'boolean', default: false },
  peers: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '3' },
  python: { type: 'string', default: process.env['PYTHON'] ?? 'python3' },
  'peer-options': { type: 'string', default: '' },
});

type Figures = Record<'l1_step_ms' | 'mcir_step_ms' | 'infer_ms', number>;

const common = commonOptions.flatMap((name) => [`--${name}`, values[name]]);

function run(command: string, args: readonly string[]): Figures & Record<string, unknown> {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) {
    process.stderr.write(`${command} failed:\n${stderr.slice(-2000)}\n`);
    process.exit(1);
  }
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Figures;
}

const step = (...more: string[]) =>
  run(process.execPath, [
    fileURLToPath(new URL('bench/step.ts', import.meta.url)),
    ...common,
    '--precision',
    values.precision,
    ...(values.compile ? [] : ['--no-compile']),
    ...more,
  ]);
const ours = () =>
  values.data === undefined ? { ...step(), ...step('--only', 'infer') } : step('--data', values.data);
const peer = () =>
  run(values.python, [
    fileURLToPath(new URL('../../shared/peer/torch_step.py', import.meta.url)),
    ...common,
    ...values['peer-options'].split(' ').filter(Boolean),
  ]);

const names = ['l1_step_ms', 'mcir_step_ms', 'infer_ms'] as const;
const medians = (runs: Figures[]): Figures =>
  Object.fromEntries(names.map((name) => [name, median(runs.map((figures) => figures[name]))])) as Figures;

if (values.peers) {
  comparePeers({ side: values.infer, rounds: Number(values.rounds), python: values.python });
} else if (!values.peer) {
  process.stdout.write(`${JSON.stringify(ours())}\n`);
} else {
  const rounds = Array.from({ length: Number(values.rounds) }, () => ({ ours: ours(), peer: peer() }));
  const a = medians(rounds.map((round) => round.ours));
  const b = medians(rounds.map((round) => round.peer));
  const ratios = Object.fromEntries(
    names.map((name) => [name.replace('_ms', ''), Number((b[name] / a[name]).toFixed(3))]),
  );
  process.stdout.write(
    `${JSON.stringify({ arch: values.arch, precision: values.precision, peerOptions: values['peer-options'], rounds: rounds.length, ours: a, peer: b, timesAsFast: ratios })}\n`,
  );
}
