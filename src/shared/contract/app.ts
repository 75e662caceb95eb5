import { z } from 'zod';
import { runConfig } from '../runConfig.ts';
import { settings, settingsChange } from '../settings.ts';
import { call, handle, nothing, place, recordId } from './common.ts';

export const check = z.object({
  title: z.string(),
  state: z.enum(['ok', 'warning', 'missing']),
  detail: z.string(),
  /** The one command that mends it. */
  fix: z.string().optional(),
});
export type Check = z.output<typeof check>;

const library = z.object({ name: z.string(), version: z.string(), licence: z.string() });

/** What can be shown in the system's file manager: something that was given out by an id, a record's folder, or a folder of the program. */
export const revealed = z.union([
  z.strictObject({ place: handle }),
  z.strictObject({ batch: recordId }),
  z.strictObject({ run: recordId }),
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
      /** Whether MCIR_HOME names the folder of this start, so that none can be chosen. */
      folderFixed: z.boolean(),
      /** The data folder from the next start on, where another was chosen. */
      nextFolder: z.string().optional(),
      /** Cores of the machine: as many threads as make sense. */
      cores: z.int(),
      /** What happened at the start that people should know. */
      notices: z.array(z.string()),
    }),
  ),
  'app.settings': call(nothing, settings),
  'app.change': call(settingsChange, settings),
  /** Chooses the data folder from the next start on; nothing is moved. */
  'app.chooseFolder': call(z.strictObject({ folder: handle }), nothing),
  'app.check': call(nothing, z.array(check)),
  /** The last lines of the program's log. */
  'app.log': call(nothing, z.array(z.string())),
  /** Writes a zip for a bug report: what the program knows of itself, without pictures, their names or personal paths. */
  'app.report': call(nothing, place),
  /** Changelog, and what the program is made of. */
  'app.about': call(nothing, z.object({ changelog: z.string(), licence: z.string(), libraries: z.array(library) })),
  /** Makes the sample pictures where they are missing; gives the hazy ones and a training on them. */
  'app.sample': call(nothing, z.object({ pictures: place, config: runConfig })),
  /** Shows a folder, or a file in its folder, on the machine that the program runs on. */
  'app.reveal': call(revealed, nothing),
  /** Where choosing a file or folder starts: the home folder, the disks, the program's own folder. */
  'places.roots': call(nothing, z.array(place)),
  /** What a folder holds: its folders, and the files of the kind asked for. Hidden entries are left out. */
  'places.list': call(
    z.strictObject({ folder: handle, show: z.enum(['folders', 'pictures', 'weights']) }),
    z.object({ folder: place, parent: place.optional(), entries: z.array(place) }),
  ),
  /** Makes an empty folder inside one that was shown. */
  'places.create': call(z.strictObject({ folder: handle, name: z.string().trim().min(1).max(120) }), place),
};
