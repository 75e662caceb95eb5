import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { swinirLight } from './options.ts';

/**
 * `npm run bench -- --peers`: one picture through each network with this program's TensorFlow, with ONNX Runtime (from
 * a file that this program exports), and with PyTorch and OpenVINO if Python has them. Prints one table of
 * milliseconds. Each program runs in its own process, in turn, and the table has the median of the rounds.
 */

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const torchPeer = here('../../../shared/peer/torch_step.py');

/** Networks by their usual names, and their names in the PyTorch peer if it has them. */
const rows: readonly { title: string; network: string; options: object; torch?: readonly string[] }[] = [
  {
    title: 'FFA-Net (3 blocks)',
    network: 'ffanet',
    options: { blocks: 3 },
    torch: ['--arch', 'ffanet', '--blocks', '3'],
  },
  {
    title: 'NAFNet (width 32)',
    network: 'nafnet',
    options: { width: 32, middle_blk_num: 1, enc_blk_nums: [1, 1, 1, 2], dec_blk_nums: [1, 1, 1, 1] },
    torch: ['--arch', 'nafnet'],
  },
  {
    title: 'SwinIR-light x4',
    network: 'swinir',
    options: { ...swinirLight, upscale: 4 },
    torch: ['--arch', 'swinir', '--scale', '4'],
  },
  { title: 'IMDN x4', network: 'imdn', options: { upscale: 4 } },
  { title: 'RRDBNet x4 (6 blocks)', network: 'rrdbnet', options: { num_block: 6 } },
];

interface Settings {
  side: string;
  rounds: number;
  python: string;
}

/** The `infer_ms` of the JSON that a program prints last; undefined if it cannot be run. */
function measure(command: string, args: readonly string[]): number | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) return undefined;
  const line = stdout.trim().split('\n').at(-1) ?? '';
  const found = (JSON.parse(line) as { infer_ms?: number }).infer_ms;
  return typeof found === 'number' ? found : undefined;
}

const median = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Prints the table. */
export function comparePeers({ side, rounds, python }: Settings): void {
  const folder = mkdtempSync(join(tmpdir(), 'mcir-peers-'));
  const has = (module: string): boolean => spawnSync(python, ['-c', `import ${module}`]).status === 0;
  const [hasTorch, hasOpenvino] = [has('torch') && existsSync(torchPeer), has('openvino')];
  const inferOnly = ['--infer', side, '--steps', '1'];
  try {
    const table = rows.map(({ title, network, options, torch }, i) => {
      const onnx = join(folder, `${i}.onnx`);
      const common = ['--network', network, '--options', JSON.stringify(options), '--side', side, '--onnx', onnx];
      const programs: Record<string, () => number | undefined> = {
        'TensorFlow (ours)': () => measure(process.execPath, [here('infer.ts'), '--by', 'tensorflow', ...common]),
        'ONNX Runtime': () => measure(process.execPath, [here('infer.ts'), '--by', 'onnx', ...common]),
        PyTorch: () => (hasTorch && torch ? measure(python, [torchPeer, ...torch, ...inferOnly]) : undefined),
        OpenVINO: () => (hasOpenvino ? measure(python, [here('openvino_infer.py'), onnx, side]) : undefined),
      };
      const found = Object.fromEntries(Object.keys(programs).map((name) => [name, [] as number[]]));
      for (let round = 0; round < rounds; round++)
        for (const [name, run] of Object.entries(programs)) {
          const ms = run();
          if (ms !== undefined) found[name]?.push(ms);
        }
      return [title, ...Object.values(found).map((values) => median(values)?.toFixed(0) ?? '-')];
    });
    const head = [`${side}x${side}, ms`, 'TensorFlow (ours)', 'ONNX Runtime', 'PyTorch', 'OpenVINO'];
    const print = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
    process.stdout.write(
      `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} threads, median of ${rounds}${hasTorch ? '' : '; Python has no PyTorch or ../shared is missing'}${hasOpenvino ? '' : '; Python has no OpenVINO'}\n\n`,
    );
    print(head);
    print(head.map(() => '---'));
    table.forEach(print);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
