import { createRequire } from 'node:module';
import util from 'node:util';
import type * as tfjs from '@tensorflow/tfjs-node-gpu';
import { AppError, messageOf } from '../../shared/errors.ts';
import { chosenThreads } from './settings.ts';
import { registerKernels } from './tracing/kernels.ts';

const require = createRequire(import.meta.url);

export interface EngineOptions {
  /** Threads that compute; by default those of the settings (see chosen.ts), else TensorFlow takes all cores. */
  threads?: number;
  /** The threads take operations side by side, one each; otherwise they share every operation. */
  sideBySide?: boolean;
}

let opened: typeof tfjs | undefined;
let threadsInUse: number | undefined;

/** As many threads as the engine was asked to compute with; undefined where it was left to TensorFlow. */
export const openedThreads = (): number | undefined => threadsInUse;

/**
 * Loads TensorFlow and makes it the backend of `@tensorflow/tfjs-core`, which all of core is written against. Call it
 * once, first, and in a worker process only: the library is large and blocks its thread while it computes.
 * @throws AppError `engine` when TensorFlow is not there or does not load.
 */
export function openEngine(options: EngineOptions = {}): typeof tfjs {
  if (opened) return opened;
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // TensorFlow takes oneDNN's convolutions by itself only on processors with AVX512-VNNI; those with AVX2 gain as well
  // (docs/performance.md).
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '1';
  // For GPUs (docs/decisions/0008-gpu.md): float32 keeps all its bits, the same work gives the same bits again, and no worker
  // takes the whole memory at its start.
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

/** tfjs-node 4.22 calls two functions of `util` that newer versions of Node lack, or warn of at every start. */
function restoreRemovedUtilities(): void {
  const legacy = util as unknown as Record<string, unknown>;
  legacy['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  legacy['isArray'] = Array.isArray;
}
