import { readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { release } from 'node:os';
import systeminformation from 'systeminformation';

/** A graphics adapter as the system reports it. */
export interface Adapter {
  name: string;
  driver?: string;
  /** In bytes. */
  memory?: number;
}

/** The graphics adapters of this computer; empty if the system does not report them. */
export async function adapters(): Promise<Adapter[]> {
  const { controllers } = await systeminformation.graphics().catch(() => ({ controllers: [] }));
  return controllers.map(({ vendor, model, name, driverVersion, vram }) => ({
    name: name ?? ([vendor, model].filter(Boolean).join(' ') || 'unknown adapter'),
    ...(driverVersion && { driver: driverVersion }),
    ...(vram && { memory: vram * 2 ** 20 }),
  }));
}

/**
 * Everything that can change the results of a GPU, in one line: adapters, drivers, the system's version, and a Vulkan
 * driver chosen in the environment. If it differs from before, backends are compared again before they are trusted.
 */
export async function graphicsFingerprint(): Promise<string> {
  const found = (await adapters()).map(({ name, driver }) => `${name} ${driver ?? kernelDriver() ?? ''}`.trim());
  return [...found, `${process.platform} ${release()}`, ...namedDrivers()].join('; ');
}

/** Linux: the kernel module that drives the first card; it has the kernel's version. */
function kernelDriver(): string | undefined {
  try {
    return basename(readlinkSync('/sys/class/drm/card0/device/driver'));
  } catch {
    return undefined;
  }
}

/** If these variables are set, Vulkan's loader takes its drivers from them. */
function namedDrivers(): string[] {
  const files = (process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'] ?? '').split(':').filter(Boolean);
  return files.map((file) => {
    try {
      return `${file} ${statSync(file).mtimeMs}`;
    } catch {
      return file;
    }
  });
}
