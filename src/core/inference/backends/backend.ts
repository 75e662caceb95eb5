import type { BackendId } from '../../../shared/devices.ts';
import type { FloatPicture } from '../../pictures/picture.ts';
import type { Restorer } from '../restorer.ts';

/** A model on a device. Its tiles may take long, or never come. */
export interface DeviceRestorer extends Restorer {
  /**
   * @param timeMs the run is given up when it takes longer
   * @throws AppError `out-of-memory`, or another where the device cannot be used
   */
  run(tile: FloatPicture, timeMs?: number): FloatPicture | Promise<FloatPicture>;
}

/** Something that can compute the tiles of one model: a library and a device. */
export interface Backend {
  readonly id: BackendId;
  /** @throws AppError where the device is not there or does not take the model */
  open(): Promise<DeviceRestorer>;
  /** Frees what it holds; it can be opened again. */
  close(): void;
}
