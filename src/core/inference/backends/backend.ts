import type { BackendId } from '../../../shared/devices.ts';
import type { FloatPicture } from '../../pictures/picture.ts';
import type { Restorer } from '../restorer.ts';

/** A model on a device. A run of a tile can take long, or never end. */
export interface DeviceRestorer extends Restorer {
  /**
   * @param timeMs the run is given up if it takes longer
   * @throws AppError `out-of-memory`, or another one if the device cannot be used
   */
  run(tile: FloatPicture, timeMs?: number): FloatPicture | Promise<FloatPicture>;
}

/** Computes the tiles of one model with a library and a device. */
export interface Backend {
  readonly id: BackendId;
  /** @throws AppError if the device is not available or cannot run the model */
  open(): Promise<DeviceRestorer>;
  /** Frees its memory; it can be opened again. */
  close(): void;
}
