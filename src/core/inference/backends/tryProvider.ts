import type { OnnxProvider } from '../../../shared/devices.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { encodeOnnx } from '../../formats/onnx/proto.ts';

const SIDE = 32;

/** A 1x1 convolution that returns the sum of the three colours, three times. */
const summing = (): Uint8Array =>
  encodeOnnx({
    nodes: [
      { op: 'Conv', inputs: ['input', 'weight'], outputs: ['output'], attributes: { kernel_shape: { ints: [1, 1] } } },
    ],
    tensors: [{ name: 'weight', shape: [3, 3, 1, 1], data: new Float32Array(9).fill(1) }],
    input: { name: 'input', shape: [1, 3, SIDE, SIDE] },
    output: { name: 'output', shape: [1, 3, SIDE, SIDE] },
    metadata: {},
  });

/**
 * Runs one small convolution twice.
 * @returns the largest difference from the correct result, and the times
 * @throws AppError `engine` if the provider is not available or does not run
 */
export async function tryProvider(
  provider: OnnxProvider,
): Promise<{ difference: number; firstMs: number; nextMs: number }> {
  try {
    const { InferenceSession, Tensor } = await import('onnxruntime-node');
    const began = performance.now();
    const session = await InferenceSession.create(summing(), { executionProviders: [provider], logSeverityLevel: 4 });
    const data = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i % 251) / 251);
    const input = new Tensor('float32', data, [1, 3, SIDE, SIDE]);
    await session.run({ input });
    const middle = performance.now();
    const { output } = await session.run({ input });
    const end = performance.now();
    const found = output?.data as Float32Array;
    const pixels = SIDE * SIDE;
    const difference = Math.max(
      ...Array.from(found, (value, i) => {
        const sum = [0, 1, 2].reduce((total, c) => total + (data[c * pixels + (i % pixels)] as number), 0);
        return Number.isFinite(value) ? Math.abs(value - sum) : Infinity;
      }),
    );
    await session.release();
    return { difference, firstMs: middle - began, nextMs: end - middle };
  } catch (error) {
    throw new AppError('engine', firstLine(messageOf(error)), { cause: error });
  }
}

/** Removes the path and function of ONNX Runtime's sources, with which its messages begin. */
function firstLine(message: string): string {
  const line = message.split('\n')[0] ?? '';
  return (line.split(' was false. ')[1] ?? line).slice(0, 200);
}
