import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { pathMeant } from '../core/files/byteNames.ts';
import type { Home } from '../services/app/home.ts';
import { findModel } from '../services/restoring/restoreModel.ts';
import { findPreset } from '../services/restoring/restorePresets.ts';
import { AppError } from '../shared/errors.ts';
import {
  type BatchSettings,
  effect,
  type Effect,
  exportSettings,
  rawSettings,
  type RestorePreset,
} from '../shared/batches.ts';
import { percent, wholeNumber } from './numbers.ts';
import { type DeviceChoice, deviceChoice } from '../shared/devices.ts';
import { exitCode, wrongUse } from './output.ts';

/** The options that change how pictures are restored; missing ones are left out. */
export interface EffectOptions {
  model?: string[];
  preset?: string;
  /** In [0,1]. */
  strength?: number;
  ensemble?: boolean;
  luminance?: boolean;
  mask?: string;
  tile?: number | 'auto';
  whiteBalance?: string;
  exposure?: number;
  highlights?: string;
}

/** Options that `restore`, `watch` and `edit` share; `edit` has no format, name or conflict options. */
export interface RestoreOptions extends EffectOptions {
  format?: string;
  quality: number;
  name?: string;
  onConflict?: string;
  strip: string;
  provenance: boolean;
  device?: DeviceChoice;
}

const tileSize = (text: string): number | 'auto' => (text === 'auto' ? text : wholeNumber(32, 4096)(text));

const template = (text: string): string => {
  if (text.trim() === '') throw new InvalidArgumentError('Give a template, such as {name}-{model}.');
  return text;
};

const describe = (field: z.ZodType): string => field.description ?? '';

/** The option for the restoring device. */
export const deviceOption = (): Option =>
  new Option(
    '--device <device>',
    'device for restoring; auto: the fastest that gives the right picture (default: from the settings; see docs/gpu.md)',
  ).choices(deviceChoice.options);

/** Adds the options for the effect, except those in `without`. */
export function addEffectOptions(command: Command, without: readonly (keyof EffectOptions)[] = []): Command {
  const fields = effect.shape;
  const raw = rawSettings.shape;
  const options = [
    new Option(
      '--model <model>',
      'a run, an added model or a weights file; repeat it to apply several in turn (`identity` changes nothing)',
    ).argParser((ref: string, refs: string[] = []) => [...refs, ref]),
    new Option('--preset <name>', 'a saved chain of models with its settings; other options override it'),
    new Option('--strength <percent>', 'strength of the effect, from 0 to 100 (default: 100)').argParser(percent),
    new Option('--ensemble', describe(fields.ensemble)),
    new Option('--luminance', describe(fields.luminance)),
    new Option('--mask <file>', describe(fields.mask)),
    new Option(
      '--tile <pixels|auto>',
      'side of the tiles in pixels; auto (default) chooses it from free memory',
    ).argParser(tileSize),
    new Option('--white-balance <which>', `RAW files: ${describe(raw.whiteBalance)} (default: camera)`).choices(
      raw.whiteBalance.unwrap().options,
    ),
    new Option('--exposure <stops>', `RAW files, from -2 to 3: ${describe(raw.exposure)}`).argParser(Number),
    new Option('--highlights <how>', `RAW files: ${describe(raw.highlights)} (default: clip)`).choices(
      raw.highlights.unwrap().options,
    ),
  ];
  return addOptions(command, options, without);
}

/** Adds the options for writing results and for the device, except those in `without`. */
export function addExportOptions(command: Command, without: readonly (keyof RestoreOptions)[] = []): Command {
  const { format, quality, template: name, conflict, strip } = exportSettings.shape;
  const options = [
    new Option('--format <format>', describe(format)).choices(format.unwrap().options).default('same'),
    new Option('--quality <number>', describe(quality)).argParser(wholeNumber(1, 100)).default(92),
    new Option('--name <template>', describe(name)).argParser(template).default('{name}'),
    new Option('--on-conflict <policy>', describe(conflict)).choices(conflict.unwrap().options).default('unique'),
    new Option('--strip <what>', describe(strip)).choices(strip.unwrap().options).default('none'),
    deviceOption(),
    new Option('--no-provenance', 'do not record model and settings in the metadata'),
  ];
  return addOptions(command, options, without);
}

function addOptions(command: Command, options: readonly Option[], without: readonly string[]): Command {
  for (const option of options) if (!without.includes(option.attributeName())) command.addOption(option);
  return command;
}

/**
 * The models and settings of a batch, from the options and the preset.
 * @throws CommanderError for values out of range, no model, or an unknown preset
 */
export async function batchSettings(
  options: RestoreOptions,
  out: string,
  home: Home,
): Promise<{ models: string[]; settings: Omit<BatchSettings, 'models'> }> {
  const preset = options.preset === undefined ? undefined : await findPreset(options.preset, home).catch(wrongUse);
  const models = options.model ?? preset?.models;
  if (!models) throw noModel('--model MODEL or --preset NAME');
  // Checked here, so that a typing error is reported before any work starts.
  for (const ref of models) await findModel(ref, home).catch(wrongUse);
  if (options.mask !== undefined && !existsSync(options.mask))
    throw new CommanderError(
      exitCode.wrongUse,
      'mcir.not-found',
      `The mask ${options.mask} does not exist. Check the path.`,
    );
  const { format, quality, name, onConflict, strip, provenance } = options;
  const settings = {
    out: pathMeant(resolve(out)),
    effect: typedEffect(options, preset?.effect),
    export: checked(exportSettings, { format, quality, template: name, conflict: onConflict, strip, provenance }),
  };
  return { models, settings };
}

export const noModel = (how: string): CommanderError =>
  new CommanderError(exitCode.wrongUse, 'mcir.bad-input', `Say which model: give ${how}.`);

/** The effect from the options, which override those of a preset. @throws CommanderError for values out of range */
export function typedEffect(
  { strength, ensemble, luminance, mask, tile, whiteBalance, exposure, highlights }: EffectOptions,
  preset?: RestorePreset['effect'],
): Effect {
  const side = tile ?? preset?.tile;
  const wanted = { whiteBalance, exposure, highlights };
  const raw = {
    ...preset?.raw,
    ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
  };
  return checked(effect, {
    strength: strength ?? preset?.strength,
    ensemble: ensemble ?? preset?.ensemble,
    luminance: luminance ?? preset?.luminance,
    ...(mask === undefined ? {} : { mask: resolve(mask) }),
    ...(side === undefined || side === 'auto' ? {} : { tile: side }),
    ...(Object.keys(raw).length > 0 ? { raw } : {}),
  });
}

/** @throws CommanderError that names the option */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return wrongUse(new AppError('bad-input', `--${issue?.path.join('.')}: ${issue?.message}`));
}
