import { z } from 'zod';
import { runConfig } from '../runConfig.ts';
import { deviceChoice } from '../devices.ts';
import { settings, settingsChange } from '../settings.ts';
import { call, handle, nothing, place, recordId } from './common.ts';

export const check = z.object({
  title: z.string(),
  state: z.enum(['ok', 'warning', 'missing']),
  detail: z.string(),
  /** The command that fixes it. */
  fix: z.string().optional(),
});
export type Check = z.output<typeof check>;

const library = z.object({ name: z.string(), version: z.string(), licence: z.string() });

/**
 * What can be shown in the system's file manager: a place with an id, the folder of a record, or one of the program's
 * folders.
 */
export const revealed = z.union([
  z.strictObject({ place: handle }),
  z.strictObject({ batch: recordId }),
  z.strictObject({ run: recordId }),
  z.strictObject({ study: recordId }),
  z.strictObject({ folder: z.enum(['home', 'runs', 'models', 'logs', 'cache']) }),
]);
export type Revealed = z.output<typeof revealed>;

export const appCalls = {
  'app.info': call(
    nothing,
    z.object({
      version: z.string(),
      folders: z.object({
        home: z.string(),
        runs: z.string(),
        models: z.string(),
        logs: z.string(),
        cache: z.string(),
      }),
      /** True if MCIR_HOME sets the data folder, so that the user cannot choose one. */
      folderFixed: z.boolean(),
      /** The data folder that is used from the next start, if another was chosen. */
      nextFolder: z.string().optional(),
      /** Number of CPU cores, which is the largest sensible number of threads. */
      cores: z.int(),
      /** Messages from program start that users should see. */
      notices: z.array(z.string()),
    }),
  ),
  'app.settings': call(nothing, settings),
  'app.change': call(settingsChange, settings),
  /** Chooses the data folder for the next start; nothing is moved. */
  'app.chooseFolder': call(z.strictObject({ folder: handle }), nothing),
  /** The devices that can restore pictures here, and measurements so far: seconds per megapixel, for each model. */
  'app.devices': call(
    nothing,
    z.object({
      devices: z.array(deviceChoice),
      measured: z.array(z.object({ title: z.string(), processor: z.number().optional(), gpu: z.number().optional() })),
    }),
  ),
  'app.check': call(nothing, z.array(check)),
  /** The last lines of the program's log. */
  'app.log': call(nothing, z.array(z.string())),
  /** Writes a zip for a bug report, without pictures, their names or personal paths. */
  'app.report': call(nothing, place),
  /** The changelog, the licence, and the libraries the program uses. */
  'app.about': call(nothing, z.object({ changelog: z.string(), licence: z.string(), libraries: z.array(library) })),
  /** Creates the sample pictures if they are missing; returns the hazy ones and a training configuration for them. */
  'app.sample': call(nothing, z.object({ pictures: place, config: runConfig })),
  /** Shows a folder, or a file in its folder, on the computer that runs the program. */
  'app.reveal': call(revealed, nothing),
  /** Starting points to choose a file or folder: the home folder, the disks and the program's data folder. */
  'places.roots': call(nothing, z.array(place)),
  /** Content of a folder: its subfolders, and the files of the requested kind. Hidden entries are left out. */
  'places.list': call(
    z.strictObject({ folder: handle, show: z.enum(['folders', 'pictures', 'weights', 'studies', 'files']) }),
    z.object({ folder: place, parent: place.optional(), entries: z.array(place) }),
  ),
  /** Creates an empty folder inside a listed one. */
  'places.create': call(z.strictObject({ folder: handle, name: z.string().trim().min(1).max(120) }), place),
};
