/**
 * What the settings of the program say about the engine. They come by the environment of a child process
 * (services/settings.ts), so that no message of any worker has to carry them.
 */

/** Threads of one operation; undefined: as many as the machine has cores. */
export const chosenThreads = (): number | undefined => whole(process.env['MCIR_THREADS']);

/** Working memory of the network for one tile, in bytes; undefined: from what is free. */
export function chosenTileMemory(): number | undefined {
  const mebibytes = whole(process.env['MCIR_TILE_MEMORY']);
  return mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
}

function whole(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
