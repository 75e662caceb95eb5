import { createRequire } from 'node:module';
import util from 'node:util';
import type * as tfjs from '@tensorflow/tfjs-node-gpu';
import { AppError, messageOf } from '../../shared/errors.ts';
import { chosenThreads } from './settings.ts';
import { registerKernels } from './tracing/kernels.ts';

const require = createRequire(import.meta.url);

export interface EngineOptions {
  /** Threads that compute. By default those of the settings (settings.ts), else all cores. */
  threads?: number;
  /** Each thread runs operations of its own, in parallel. By default all threads share each operation. */
  sideBySide?: boolean;
}

let opened: typeof tfjs | undefined;
let threadsInUse: number | undefined;

/** The number of threads that the engine was opened with; undefined if TensorFlow chose it. */
export const openedThreads = (): number | undefined => threadsInUse;

/**
 * Loads TensorFlow and makes it the backend of `@tensorflow/tfjs-core`, which all of core is written against. Call it
 * once, before anything else, and in a worker process only: the library is large and blocks its thread while it
 * computes.
 * @throws AppError `engine` if TensorFlow is not installed or does not load.
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
  // not reserve the whole memory when it starts.
  process.env['NVIDIA_TF32_OVERRIDE'] ??= '0';
  process.env['TF_DETERMINISTIC_OPS'] ??= '1';
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  const threads = options.threads ?? chosenThreads();
  threadsInUse = threads;
  if (threads !== undefined) {
    process.env['TF_NUM_INTRAOP_THREADS'] = String(options.sideBySide ? 1 : threads);
    process.env['TF_NUM_INTEROP_THREADS'] = String(options.sideBySide ? threads : 1);
  }
  restoreRemovedUtilities();
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

/** tfjs-node 4.22 calls two functions of `util` that newer versions of Node have removed or deprecated. */
function restoreRemovedUtilities(): void {
  const legacy = util as unknown as Record<string, unknown>;
  legacy['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  legacy['isArray'] = Array.isArray;
}
