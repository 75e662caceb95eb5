import { type Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { effect, exportSettings, type BatchSettings } from '../shared/restore.ts';
import { wrongUse } from './output.ts';
import { AppError } from '../shared/errors.ts';
import { resolve } from 'node:path';

/** What `restore`, `watch` and `edit` have in common. */
export interface RestoreOptions {
  model: string[];
  strength: number;
  ensemble?: boolean;
  luminance?: boolean;
  mask?: string;
  tile?: number;
  format: string;
  quality: number;
  name: string;
  onConflict: string;
  strip: string;
  provenance: boolean;
}

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('This is not a number.');
  return value;
};

const tileSize = (text: string): number | undefined => (text === 'auto' ? undefined : number(text));
const describe = (field: z.ZodType): string => field.description ?? '';

/** Adds the options that say what is done to the pictures. */
export function addEffectOptions(command: Command): Command {
  const fields = effect.shape;
  return command
    .requiredOption('--model <model>', 'a run, an added model or a weights file; several are applied in turn (`identity` changes nothing)', (ref: string, refs: string[] = []) => [...refs, ref])
    .option('--strength <percent>', 'how much of the effect, from 0 to 100', number, 100)
    .option('--ensemble', describe(fields.ensemble))
    .option('--luminance', describe(fields.luminance))
    .option('--mask <file>', describe(fields.mask))
    .option('--tile <pixels>', describe(fields.tile), tileSize);
}

/** Adds the options that say how results are written. */
export function addExportOptions(command: Command): Command {
  const { format, quality, template, conflict, strip } = exportSettings.shape;
  return command
    .addOption(new Option('--format <format>', describe(format)).choices(format.unwrap().options).default('same'))
    .option('--quality <number>', describe(quality), number, 92)
    .option('--name <template>', describe(template), '{name}')
    .addOption(new Option('--on-conflict <policy>', describe(conflict)).choices(conflict.unwrap().options).default('unique'))
    .addOption(new Option('--strip <what>', describe(strip)).choices(strip.unwrap().options).default('none'))
    .option('--no-provenance', 'do not note model and settings in the metadata');
}

/** The settings of a batch from what was typed. @throws CommanderError for values out of range */
export function batchSettings(options: RestoreOptions, out: string): Omit<BatchSettings, 'models'> {
  const { strength, ensemble = false, luminance = false, mask, tile, format, quality, name, onConflict, strip, provenance } = options;
  return {
    out: resolve(out),
    effect: checked(effect, { strength: strength / 100, ensemble, luminance, ...(mask === undefined ? {} : { mask: resolve(mask) }), ...(tile === undefined ? {} : { tile }) }),
    export: checked(exportSettings, { format, quality, template: name, conflict: onConflict, strip, provenance }),
  };
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return wrongUse(new AppError('bad-input', `--${issue?.path.join('.')}: ${issue?.message}`));
}
