import { z } from 'zod';
import { runConfig } from '../runConfig.ts';
import { call, handle, nothing, place } from './common.ts';

export const settings = z.object({
  theme: z.enum(['dark', 'light']).default('dark'),
  language: z.enum(['en', 'zh']).optional(),
});
export type Settings = z.output<typeof settings>;

export const check = z.object({
  title: z.string(),
  state: z.enum(['ok', 'warning', 'missing']),
  detail: z.string(),
  /** The one command that mends it. */
  fix: z.string().optional(),
});
export type Check = z.output<typeof check>;

export const appCalls = {
  'app.info': call(
    nothing,
    z.object({
      version: z.string(),
      folders: z.object({ home: z.string(), runs: z.string(), models: z.string(), cache: z.string() }),
      /** What happened at the start that people should know. */
      notices: z.array(z.string()),
    }),
  ),
  'app.settings': call(nothing, settings),
  'app.change': call(settings.partial(), settings),
  'app.check': call(nothing, z.array(check)),
  /** Makes the sample pictures where they are missing; gives the hazy ones and a training on them. */
  'app.sample': call(nothing, z.object({ pictures: place, config: runConfig })),
  /** Where choosing a file or folder starts: the home folder, the disks, the program's own folder. */
  'places.roots': call(nothing, z.array(place)),
  /** What a folder holds: its folders, and the files of the kind asked for. Hidden entries are left out. */
  'places.list': call(
    z.strictObject({ folder: handle, show: z.enum(['folders', 'pictures', 'weights']) }),
    z.object({ folder: place, parent: place.optional(), entries: z.array(place) }),
  ),
};
