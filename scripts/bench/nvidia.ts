import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * `node scripts/bench/nvidia.ts`: the MCIR step of FFA-Net on an NVIDIA GPU, in every setting that could make it
 * faster, and in PyTorch if Python has it. Prints one JSON line per setting; the last one lists what could not be done.
 * Takes some minutes, and needs `npm run setup -- --gpu`. It has not been run yet, because no GPU was available.
 */

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const python = process.env['PYTHON'] ?? 'python3';
const missing: string[] = [];

/** Two patches of 64, as on a small computer, and sixteen of 128, as in the authors' training. */
const sizes = [
  { batch: '2', patch: '64' },
  { batch: '16', patch: '128' },
];
const settings: { name: string; precision: string; env: Record<string, string> }[] = [
  { name: 'float32', precision: 'float32', env: { NVIDIA_TF32_OVERRIDE: '0' } },
  { name: 'float32, TF32 allowed', precision: 'float32', env: { NVIDIA_TF32_OVERRIDE: '1' } },
  { name: 'bfloat16', precision: 'bfloat16', env: {} },
  {
    name: 'float32, TF32, not deterministic',
    precision: 'float32',
    env: { NVIDIA_TF32_OVERRIDE: '1', TF_DETERMINISTIC_OPS: '0' },
  },
  {
    name: 'float32, TF32, XLA clusters',
    precision: 'float32',
    env: { NVIDIA_TF32_OVERRIDE: '1', TF_XLA_FLAGS: '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit' },
  },
  { name: 'bfloat16, XLA clusters', precision: 'bfloat16', env: { TF_XLA_FLAGS: '--tf_xla_auto_jit=2' } },
  { name: 'bfloat16, oneDNN off', precision: 'bfloat16', env: { TF_ENABLE_ONEDNN_OPTS: '0' } },
];

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** The JSON that a program prints last; undefined, with a note, if it fails. */
function run(
  what: string,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): object | undefined {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as object;
  missing.push(`${what}: ${(stderr || 'it could not be started').trim().split('\n').at(-1)?.slice(0, 200)}`);
  return undefined;
}

const gpu = spawnSync('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'], {
  encoding: 'utf8',
});
if (gpu.status !== 0) missing.push('There is no NVIDIA GPU here (nvidia-smi does not run), so nothing was measured.');
else {
  print({ gpu: gpu.stdout.trim() });
  for (const { batch, patch } of sizes) {
    const common = ['--arch', 'ffanet', '--blocks', '3', '--batch', batch, '--patch', patch];
    for (const { name, precision, env } of settings) {
      const found = run(
        `${name}, ${batch} of ${patch}`,
        process.execPath,
        [here('step.ts'), ...common, '--precision', precision],
        env,
      );
      if (found) print({ program: 'ours', setting: name, batch, patch, ...found });
    }
    for (const extra of [[], ['--channels-last'], ['--bf16'], ['--bf16', '--channels-last', '--compile']]) {
      const peer = here('../../../shared/peer/torch_step.py');
      const found = run(`PyTorch ${extra.join(' ')}`, python, [peer, ...common, '--device', 'cuda', ...extra]);
      if (found) print({ program: 'pytorch', setting: extra.join(' '), batch, patch, ...found });
    }
  }
  // Profile with NVIDIA's own profiler, if it is installed.
  const report = '/tmp/mcir-mcir-step';
  const profiled = spawnSync(
    'nsys',
    [
      'profile',
      '--trace=cuda,cudnn,cublas',
      '--force-overwrite=true',
      '-o',
      report,
      process.execPath,
      here('step.ts'),
      '--arch',
      'ffanet',
    ],
    { stdio: 'ignore' },
  );
  if (profiled.status === 0) print({ profile: `${report}.nsys-rep`, read: `nsys stats ${report}.nsys-rep` });
  else missing.push('No profile: nsys is not installed or may not profile here.');
}
missing.push(
  'Not tried: channels first throughout (TensorFlow rewrites layouts for cuDNN itself), fused updates of weights, fewer and larger kernels.',
);
print({ notDone: missing });
