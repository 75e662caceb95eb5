/**
 * Which kernel oneDNN chooses for the convolutions of the networks, by shape and instruction set. A `ref` kernel is its
 * reference code, about a hundred times slower than the others; tiles and graphs must never use one.
 * node scripts/bench/kernels.ts all shapes, with the processor's own instructions
 * node scripts/bench/kernels.ts --isa avx2 as on a processor with AVX2
 * node scripts/bench/kernels.ts --kernel 5 --side 512 only some shapes
 * It reads the names of the kernels from ONEDNN_VERBOSE, so it does not measure time, and stops a slow kernel as soon
 * as its name is known. Exits with code 1 if there is a reference kernel.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { compileForward } from '../../src/core/engine/forward.ts';
import { openEngine } from '../../src/core/engine/open.ts';

interface Shape {
  kernel: number;
  from: number;
  to: number;
  stride: number;
  dilation: number;
  side: number;
}

const { values } = parseArgs({
  options: {
    isa: { type: 'string' },
    kernel: { type: 'string', multiple: true },
    side: { type: 'string', multiple: true },
    channels: { type: 'string', multiple: true },
    child: { type: 'string' },
  },
});
const numbers = (given: string[] | undefined, otherwise: number[]): number[] => given?.map(Number) ?? otherwise;

const pairs = values.channels?.map((pair) => pair.split('x').map(Number) as [number, number]) ?? [
  [3, 64],
  [32, 32],
  [64, 64],
  [64, 32],
  [64, 256],
  [64, 3],
  [128, 128],
];
/** Kernel sizes, channels, strides and dilations that occur in the models, and tiles up to the largest (chooseTile). */
const shapes: Shape[] = numbers(values.kernel, [1, 3, 5, 7, 9]).flatMap((kernel) =>
  pairs.flatMap(([from, to]) =>
    [
      [1, 1],
      [2, 1],
      [1, 2],
    ].flatMap(([stride = 1, dilation = 1]) =>
      numbers(values.side, [64, 128, 256, 384, 512])
        .filter(() => kernel > 1 || dilation === 1)
        .map((side) => ({ kernel, from, to, stride, dilation, side })),
    ),
  ),
);

const titleOf = ({ kernel, from, to, stride, dilation, side }: Shape): string =>
  `${kernel}x${kernel} ${from} to ${to}, stride ${stride}, dilation ${dilation}, ${side}x${side}`;

if (values.child === undefined) await sweep();
else compute(Number(values.child));

/** Computes the shapes from a given number on, each once, and prints which one before each. */
function compute(first: number): void {
  openEngine({ threads: 1 });
  for (let i = first; i < shapes.length; i++) {
    const { kernel, from, to, stride, dilation, side } = shapes[i] as Shape;
    process.stdout.write(`shape ${i}\n`);
    tf.tidy(() => {
      const weights = tf.fill([kernel, kernel, from, to], 0.01) as tf.Tensor4D;
      const forward = compileForward((x) =>
        tf.conv2d(
          tf.tile(x, [1, 1, 1, Math.ceil(from / 3)]).slice([0, 0, 0, 0], [1, side, side, from]) as tf.Tensor4D,
          weights,
          stride,
          'same',
          'NHWC',
          dilation,
        ),
      );
      forward(tf.fill([1, side, side, 3], 0.5)).dataSync();
      forward.dispose();
    });
  }
  process.stdout.write('end\n');
}

/** Restarts the child after each shape with a reference kernel. */
async function sweep(): Promise<void> {
  const slow: string[] = [];
  const kinds = new Map<string, number>();
  for (let next = 0; next < shapes.length;) {
    const child = spawn(
      process.execPath,
      [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--child', String(next)],
      {
        env: {
          ...process.env,
          ONEDNN_VERBOSE: '2',
          ...(values.isa ? { ONEDNN_MAX_CPU_ISA: values.isa.toUpperCase() } : {}),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let at = next;
    next = shapes.length;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('shape ')) at = Number(line.slice(6));
      const name = /,cpu,convolution,([^,]+),/.exec(line)?.[1];
      if (name === undefined) continue;
      kinds.set(name, (kinds.get(name) ?? 0) + 1);
      if (!/ref/.test(name)) continue;
      slow.push(`${titleOf(shapes[at] as Shape)}: ${name}`);
      next = at + 1;
      child.kill('SIGKILL');
      break;
    }
  }
  console.log(`${shapes.length} shapes${values.isa ? ` with ${values.isa}` : ''}`);
  for (const [name, count] of [...kinds].sort(([, a], [, b]) => b - a)) console.log(`  ${name}: ${count}`);
  if (slow.length === 0) return console.log('No reference kernel.');
  console.log(`${slow.length} with a reference kernel:`);
  for (const line of slow) console.log(`  ${line}`);
  process.exitCode = 1;
}
