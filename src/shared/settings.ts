import { z } from 'zod';

/** What people choose once for the whole program; null leaves the choice to the program. */
const choices = {
  theme: z.enum(['dark', 'light', 'system']),
  language: z.enum(['en', 'zh']).nullable(),
  /** `cpu` leaves a GPU alone. */
  device: z.enum(['auto', 'cpu']),
  /** Threads of the engine; null: all cores. */
  threads: z.int().min(1).max(1024).nullable(),
  /** Working memory for one tile of a photograph, in MiB; null: 1024, or half of what is free. */
  tileMemory: z.int().min(64).max(262_144).nullable(),
  /** The welcome of a first start was read. */
  welcomed: z.boolean(),
};

/** Whole; what was never chosen is as it is at first. */
export const settings = z.object({
  theme: choices.theme.default('dark'),
  language: choices.language.default(null),
  device: choices.device.default('auto'),
  threads: choices.threads.default(null),
  tileMemory: choices.tileMemory.default(null),
  welcomed: choices.welcomed.default(false),
});
export type Settings = z.output<typeof settings>;

/** Some of them; what is left out stays as it is. */
export const settingsChange = z.strictObject(choices).partial();
export type SettingsChange = z.output<typeof settingsChange>;
