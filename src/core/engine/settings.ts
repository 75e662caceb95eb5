import { type DeviceChoice, deviceChoice } from '../../shared/devices.ts';

/**
 * Engine settings that a parent process gives to a child process. They are passed in the child's environment
 * (services/app/settings.ts), so that no message has to carry them.
 */

/** Number of compute threads; undefined for one per core. */
export const chosenThreads = (): number | undefined => whole(process.env['MCIR_THREADS']);

/** Working memory of the network for one tile, in bytes; undefined to derive it from the free memory. */
export function chosenTileMemory(): number | undefined {
  const mebibytes = whole(process.env['MCIR_TILE_MEMORY']);
  return mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
}

/** The device for restoring. */
export const chosenDevice = (): DeviceChoice => deviceChoice.catch('auto').parse(process.env['MCIR_DEVICE']);

/** File that stores what was found out about backends; undefined to store nothing. */
export const findingsFolder = (): string | undefined => process.env['MCIR_FINDINGS'];

/** Run without TensorFlow, as on a machine where it is not installed. */
export const tensorFlowIsOff = (): boolean => process.env['MCIR_TENSORFLOW'] === 'off';

/** Whether a window is in use at the same time; computing then runs at low priority. */
export const givesWay = (): boolean => process.env['MCIR_GIVE_WAY'] === '1';

function whole(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
