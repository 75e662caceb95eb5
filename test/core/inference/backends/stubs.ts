import type { Backend, DeviceRestorer } from '../../../../src/core/inference/backends/backend.ts';
import type { Finding, Verdicts } from '../../../../src/core/inference/backends/choose.ts';
import type { Restorer } from '../../../../src/core/inference/restorer.ts';
import type { FloatPicture } from '../../../../src/core/pictures/picture.ts';
import type { BackendId } from '../../../../src/shared/devices.ts';

/** A picture of noise. */
export function noise(width: number, height = width): FloatPicture {
  let state = 7;
  const data = Float32Array.from({ length: width * height * 3 }, () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  });
  return { width, height, channels: 3, data };
}

/** What the stubs restore: the picture, half as bright. */
export const half = (tile: FloatPicture): FloatPicture => ({ ...tile, data: tile.data.map((value) => value / 2) });

export interface Counted extends Restorer {
  runs: number;
  sizes: string[];
}

/** A restorer that counts. */
export function counted(run: (tile: FloatPicture) => FloatPicture | Promise<FloatPicture> = half): Counted {
  const restorer: Counted = {
    title: 'stub',
    scale: 1,
    bytesPerPixel: 100,
    runs: 0,
    sizes: [],
    run: (tile) => {
      restorer.runs++;
      restorer.sizes.push(`${tile.width}x${tile.height}`);
      return run(tile);
    },
    dispose: () => undefined,
  };
  return restorer;
}

/** A backend of a restorer, and how often it was opened and closed. */
export function backendOf(id: BackendId, restorer: DeviceRestorer): Backend & { opened: number; closed: number } {
  const backend = {
    id,
    opened: 0,
    closed: 0,
    open: () => {
      backend.opened++;
      return Promise.resolve(restorer);
    },
    close: () => void backend.closed++,
  };
  return backend;
}

/** Findings kept in memory, as long as the test wishes. */
export function memory(): Verdicts & { kept: (Finding & { backend: BackendId })[] } {
  const kept: (Finding & { backend: BackendId })[] = [];
  return {
    kept,
    find: (backend, { width, height }) =>
      kept.findLast((each) => each.backend === backend && each.width === width && each.height === height),
    about: (backend) => kept.filter((each) => each.backend === backend),
    keep: (backend, finding) => void kept.push({ ...finding, backend }),
  };
}

/** Takes so long. */
export const slowly =
  (ms: number) =>
  async (tile: FloatPicture): Promise<FloatPicture> => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return half(tile);
  };
