import { existsSync, globSync, mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const LIBRARY = 'libvk_swiftshader.so';
/** Chromium's and Electron's folders have SwiftShader beside Vulkan's loader. */
const places = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  ...globSync(join(homedir(), '.cache/mcir-studio/electron-*')),
  ...globSync(join(homedir(), '.cache/ms-playwright/chromium-*/chrome-linux*')),
];

/**
 * The environment in which WebGPU runs on SwiftShader, Vulkan on the processor: right, and very slow. Undefined where neither
 * Chromium nor Electron is installed. Tests set it for child processes only.
 */
export function swiftShader(): Record<string, string> | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const library = places.map((place) => join(place, LIBRARY)).find((file) => existsSync(file));
  if (library === undefined) return undefined;
  const icd = join(mkdtempSync(join(tmpdir(), 'mcir-vulkan-')), 'swiftshader.json');
  writeFileSync(
    icd,
    JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.0.5' } }),
  );
  return { VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd, LD_LIBRARY_PATH: dirname(library) };
}
