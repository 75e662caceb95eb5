import { type DeviceChoice, deviceChoice } from '../../shared/devices.ts';

/**
 * What the program that starts a child process wants of the engine. It comes with the environment of that process
 * (services/app/settings.ts), so that no message has to carry it.
 */

/** Threads that compute; undefined: as many as the machine has cores. */
export const chosenThreads = (): number | undefined => whole(process.env['MCIR_THREADS']);

/** Working memory of the network for one tile, in bytes; undefined: from what is free. */
export function chosenTileMemory(): number | undefined {
  const mebibytes = whole(process.env['MCIR_TILE_MEMORY']);
  return mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
}

/** What pictures are to be restored on. */
export const chosenDevice = (): DeviceChoice => deviceChoice.catch('auto').parse(process.env['MCIR_DEVICE']);

/** Where findings about backends are kept; undefined: nowhere. */
export const findingsFolder = (): string | undefined => process.env['MCIR_FINDINGS'];

/** Whether this process is to do without TensorFlow, as on a machine that has none. */
export const tensorFlowIsOff = (): boolean => process.env['MCIR_TENSORFLOW'] === 'off';

/** Whether a window is in use meanwhile, for which computing gives way. */
export const givesWay = (): boolean => process.env['MCIR_GIVE_WAY'] === '1';

function whole(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
