import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { tensorFlowBackend } from './backend.ts';
import { openedThreads } from './open.ts';
import { processorFlags } from './processor.ts';

/** The device that the engine computes on. */
export interface Device {
  kind: 'cpu' | 'gpu';
  /** The name that the manufacturer gave it. */
  name: string;
  /** Memory of the GPU, or of the machine for a CPU, in bytes; 0 if unknown. */
  memory: number;
  /** Threads that compute on the CPU. */
  threads: number;
  /** The CPU's instructions for bfloat16, as far as the system reports them. */
  bf16: readonly string[];
}

/** An NVIDIA GPU of this machine, whether TensorFlow uses it or not. */
export interface Gpu {
  name: string;
  /** In bytes. */
  memory: number;
}

/** TensorFlow's version and the device. Call `openEngine` first. */
export function readEngine(): { tensorflow: string; device: Device } {
  const backend = tensorFlowBackend();
  return { tensorflow: backend.binding.TF_Version, device: readDevice(backend.isUsingGpuDevice) };
}

function readDevice(usesGpu: boolean): Device {
  const threads = openedThreads() ?? (Number(process.env['TF_NUM_INTRAOP_THREADS']) || availableParallelism());
  const bf16 = ['avx512_bf16', 'amx_bf16', 'bf16'].filter((flag) => processorFlags()?.includes(flag)); // The last name is the one that ARM processors use.
  if (!usesGpu)
    return { kind: 'cpu', name: cpus()[0]?.model.trim() ?? 'unknown CPU', memory: totalmem(), threads, bf16 };
  const gpu = visibleGpus()[0];
  return { kind: 'gpu', name: gpu?.name ?? 'GPU', memory: gpu?.memory ?? 0, threads, bf16 };
}

/** The machine's NVIDIA GPUs, as nvidia-smi reports them; empty if that tool is missing. */
export function visibleGpus(): Gpu[] {
  try {
    const text = execFileSync('nvidia-smi', ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim().split('\n').map(parseGpu);
  } catch {
    return [];
  }
}

/** A line such as `NVIDIA H100 80GB HBM3, 81559`, memory in MiB. */
function parseGpu(line: string): Gpu {
  const comma = line.lastIndexOf(',');
  return { name: line.slice(0, comma).trim(), memory: Number(line.slice(comma + 1)) * 2 ** 20 };
}

/** The device in words, as run records and `mcir doctor` show it. */
export function describeDevice({ kind, name, memory, threads }: Device): string {
  const size = (memory / 2 ** 30).toFixed(0);
  if (kind === 'gpu') return memory > 0 ? `${name}, ${size} GiB` : name;
  const count = threads === 1 ? '1 thread' : `${threads} threads`;
  return memory > 0 ? `CPU ${name}, ${count}, ${size} GiB` : `CPU ${name}, ${count}`;
}
