import { z } from 'zod';
import { deviceChoice } from './devices.ts';
import { otherMachines } from './travel.ts';

/** Settings for the whole program; null leaves the choice to the program. */
const choices = {
  theme: z.enum(['dark', 'light', 'system']),
  language: z.enum(['en', 'zh']).nullable(),
  /** What pictures are restored on. Trainings use TensorFlow, on an NVIDIA GPU unless this is `cpu`. */
  device: deviceChoice,
  /** Threads of the engine; null: all cores. */
  threads: z.int().min(1).max(1024).nullable(),
  /** Working memory per tile in MiB; null means 1024, or half of the free memory. */
  tileMemory: z.int().min(64).max(262_144).nullable(),
  /** The user has seen the welcome screen. */
  welcomed: z.boolean(),
};

/** All settings; missing ones get their defaults. */
export const settings = z.object({
  theme: choices.theme.default('dark'),
  language: choices.language.default(null),
  device: choices.device.default('auto'),
  threads: choices.threads.default(null),
  tileMemory: choices.tileMemory.default(null),
  welcomed: choices.welcomed.default(false),
  /** Set through calls of its own, because a window names folders by their ids. */
  machines: otherMachines.nullable().default(null),
});
export type Settings = z.output<typeof settings>;

/** A change of some settings; the others stay as they are. */
export const settingsChange = z.strictObject(choices).partial();
export type SettingsChange = z.output<typeof settingsChange>;

/** What of something stored are settings. What has no sense is left out, as if it had never been chosen. */
export function chosenIn(found: unknown): Partial<Settings> {
  if (typeof found !== 'object' || found === null) return {};
  return Object.fromEntries(
    Object.entries(settings.shape).flatMap(([name, shape]) => {
      const value = shape.safeParse((found as Record<string, unknown>)[name]);
      return name in found && value.success ? [[name, value.data]] : [];
    }),
  );
}

/** All settings, from what was stored. */
export const settingsFrom = (found: unknown): Settings => settings.parse(chosenIn(found));
