import { readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { release } from 'node:os';
import systeminformation from 'systeminformation';

/** A graphics adapter as the system tells of it. */
export interface Adapter {
  name: string;
  driver?: string;
  /** In bytes. */
  memory?: number;
}

/** The graphics adapters of this computer, as far as they can be told; none where the system does not say. */
export async function adapters(): Promise<Adapter[]> {
  const { controllers } = await systeminformation.graphics().catch(() => ({ controllers: [] }));
  return controllers.map(({ vendor, model, name, driverVersion, vram }) => ({
    name: name ?? ([vendor, model].filter(Boolean).join(' ') || 'unknown adapter'),
    ...(driverVersion && { driver: driverVersion }),
    ...(vram && { memory: vram * 2 ** 20 }),
  }));
}

/**
 * Everything that may change what a GPU computes, in one line: adapters, drivers, the system's version, and a Vulkan driver that
 * somebody names. Where it is another than before, backends have to show again that they can be trusted.
 */
export async function graphicsFingerprint(): Promise<string> {
  const found = (await adapters()).map(({ name, driver }) => `${name} ${driver ?? kernelDriver() ?? ''}`.trim());
  return [...found, `${process.platform} ${release()}`, ...namedDrivers()].join('; ');
}

/** Linux: the module that drives the first card; its version is the kernel's. */
function kernelDriver(): string | undefined {
  try {
    return basename(readlinkSync('/sys/class/drm/card0/device/driver'));
  } catch {
    return undefined;
  }
}

/** Vulkan's loader takes its drivers from these variables where they are set. */
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
