import { readPresets, removePreset, savePreset } from '../../services/restoring/restorePresets.ts';
import { type RestorePreset, restorePreset } from '../../shared/batches.ts';
import type { Register } from '../cliContext.ts';
import { table, wrongUse } from '../output.ts';
import { addEffectOptions, checked, type EffectOptions, noModel, typedEffect } from '../restoreOptions.ts';

/** `mcir presets`: saved chains of models with their settings. */
export const registerPresets: Register = (program, context) => {
  const { output } = context;
  const presets = program
    .command('presets')
    .description('list, save and remove chains of models for `mcir restore --preset NAME`');

  presets
    .command('list')
    .description('all saved chains')
    .action(async () => {
      const { presets: list, damaged } = await readPresets(context.home);
      for (const sentence of damaged) output.log(sentence);
      const none = 'No presets yet. Save one with: mcir presets save NAME --model M [--model M2 ...]';
      output.result(
        { presets: list },
        list.length > 0
          ? table(
              ['name', 'models', 'settings'],
              list.map((preset) => [preset.name, preset.models.join(' → '), describe(preset)]),
            )
          : none,
      );
    });

  addEffectOptions(
    presets
      .command('save')
      .description('save models and settings under a name')
      .argument('<name>', 'name of the preset'),
    ['mask', 'preset'],
  ).action(async (name: string, options: EffectOptions) => {
    if (!options.model) throw noModel('--model MODEL');
    const preset = checked(restorePreset, { name, models: options.model, effect: typedEffect(options) });
    const saved = await savePreset(preset, context.home).catch(wrongUse);
    output.result(
      { preset: saved },
      `Saved "${saved.name}". Use it: mcir restore PICTURES --preset "${saved.name}" --out FOLDER`,
    );
  });

  presets
    .command('remove')
    .description('remove a saved chain; its models stay')
    .argument('<name>', 'its name')
    .action(async (name: string) => {
      const removed = await removePreset(name, context.home).catch(wrongUse);
      output.result({ removed: removed.name }, `Removed "${removed.name}".`);
    });
};

function describe({ effect: { strength, ensemble, luminance, tile } }: RestorePreset): string {
  const parts = [
    `${Math.round(strength * 100)} %`,
    ensemble ? 'self-ensemble' : '',
    luminance ? 'luminance only' : '',
    tile === undefined ? '' : `tiles of ${tile}`,
  ];
  return parts.filter(Boolean).join(', ');
}
