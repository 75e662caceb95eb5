import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { OnnxProvider } from '../../../shared/devices.ts';

/**
 * Providers of onnxruntime-node 1.30 by platform and processor; of several GPU providers, the system's native one
 * first.
 */
const bundled: Readonly<Record<string, readonly OnnxProvider[]>> = {
  'win32 x64': ['dml', 'webgpu', 'cpu'],
  'win32 arm64': ['dml', 'webgpu', 'cpu'],
  'darwin arm64': ['coreml', 'webgpu', 'cpu'],
  'linux x64': ['cuda', 'webgpu', 'cpu'],
  'linux arm64': ['cpu'],
};

/**
 * The installed providers of ONNX Runtime; none if there is no build for this computer (macOS on Intel). Whether a
 * suitable GPU exists is only known when a provider is used. Loads nothing.
 */
export function installedProviders(): readonly OnnxProvider[] {
  const folder = libraryFolder();
  if (folder === undefined) return [];
  const hasCuda = existsSync(join(folder, 'libonnxruntime_providers_cuda.so'));
  const listed = bundled[`${process.platform} ${process.arch}`] ?? [];
  return listed.filter((provider) => provider !== 'cuda' || hasCuda);
}

function libraryFolder(): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve('onnxruntime-node');
    const folder = join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
    return existsSync(join(folder, 'onnxruntime_binding.node')) ? folder : undefined;
  } catch {
    return undefined;
  }
}
