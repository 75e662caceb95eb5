import { createRequire } from 'node:module';
import { constants, getPriority, setPriority } from 'node:os';
import util from 'node:util';
import type * as tfjs from '@tensorflow/tfjs-node-gpu';
import { AppError, messageOf } from '../../shared/errors.ts';
import * as tf from '@tensorflow/tfjs-core';
import { chosenThreads, givesWay, tensorFlowIsOff } from './settings.ts';
import { ShapesBinding } from './shapes/binding.ts';
import { registerKernels } from './tracing/kernels.ts';

const require = createRequire(import.meta.url);

export interface EngineOptions {
  /** Number of compute threads; by default from the settings (settings.ts), otherwise all cores. */
  threads?: number;
  /** Each thread runs its own operations, in parallel. By default all threads share each operation. */
  sideBySide?: boolean;
}

let opened: typeof tfjs | undefined;
let threadsInUse: number | undefined;

/** The number of threads that the engine was opened with; undefined if TensorFlow chose it. */
export const openedThreads = (): number | undefined => threadsInUse;

/**
 * Loads TensorFlow and makes it the backend of `@tensorflow/tfjs-core`, which all code in core uses. Call it once,
 * before any other engine function, and only in a worker process: the library is large and blocks its thread while it
 * computes.
 * @throws AppError `engine` if TensorFlow is not installed or fails to load
 */
export function openEngine(options: EngineOptions = {}): typeof tfjs {
  if (opened) return opened;
  // TensorFlow reads its settings from environment variables while it loads; the library has no other interface for
  // them. They are set here, and nothing else in the program writes to its own environment.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // By default TensorFlow uses oneDNN's convolutions only on processors with AVX512-VNNI. Those with AVX2 are faster
  // with them, too (docs/performance.md).
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '1';
  // For GPUs (docs/decisions/0008-gpu.md): float32 keeps full precision, results are reproducible, and a worker does
  // not reserve all memory at the start.
  process.env['NVIDIA_TF32_OVERRIDE'] ??= '0';
  process.env['TF_DETERMINISTIC_OPS'] ??= '1';
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  const threads = options.threads ?? chosenThreads();
  threadsInUse = threads;
  if (threads !== undefined) {
    process.env['TF_NUM_INTRAOP_THREADS'] = String(options.sideBySide ? 1 : threads);
    process.env['TF_NUM_INTEROP_THREADS'] = String(options.sideBySide ? threads : 1);
  }
  // Lower the priority before TensorFlow starts threads: on Linux a new thread inherits the priority of its creator.
  // Only an administrator may raise a priority again, so a process that already has a lower one keeps it. Everything up
  // to here runs at normal priority, so that the start is fast.
  const { PRIORITY_BELOW_NORMAL } = constants.priority;
  if (givesWay() && getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL);
  restoreRemovedUtilities();
  if (tensorFlowIsOff())
    throw new AppError('engine', 'TensorFlow is turned off (MCIR_TENSORFLOW=off). Unset MCIR_TENSORFLOW to use it.');
  try {
    opened = require('@tensorflow/tfjs-node-gpu') as typeof tfjs;
  } catch (error) {
    throw new AppError('engine', 'TensorFlow is not installed for this program. Run: npm run setup', {
      cause: error,
      details: { reason: messageOf(error) },
    });
  }
  registerKernels();
  return opened;
}

/** The parts of tfjs besides its operations: the loaders of its models. */
type Tfjs = Pick<typeof tfjs, 'loadGraphModel' | 'loadLayersModel' | 'layers' | 'serialization'>;
let shapesOpened: Tfjs | undefined;

/** tfjs as {@link openEngine} or {@link openShapes} opened it; opens TensorFlow if neither was called. */
export const openedTfjs = (): Tfjs => opened ?? shapesOpened ?? openEngine();

/**
 * Makes a backend that only computes shapes (shapes/binding.ts), to record networks in a process that does not load
 * TensorFlow. A process uses either this or {@link openEngine}. If TensorFlow is already loaded, it stays and does the
 * recording.
 */
export function openShapes(): void {
  if (opened || shapesOpened) return;
  restoreRemovedUtilities();
  // tfjs-node's translation of tfjs kernels into TensorFlow operations is plain JavaScript and needs no TensorFlow.
  const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (binding: ShapesBinding, name: string) => tf.KernelBackend;
  };
  require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
  shapesOpened = createRequire(require.resolve('@tensorflow/tfjs-node-gpu/package.json'))('@tensorflow/tfjs') as Tfjs;
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(new ShapesBinding(), 'shapes'), 3);
  // This backend is ready at once; tfjs returns a promise for backends that must load something first.
  void tf.setBackend('tensorflow');
  registerKernels();
}

/** tfjs-node 4.22 calls two functions of `util` that newer versions of Node have removed or deprecated. */
function restoreRemovedUtilities(): void {
  const legacy = util as unknown as Record<string, unknown>;
  legacy['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  legacy['isArray'] = Array.isArray;
}
