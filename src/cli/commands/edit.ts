import { editInPlace } from '../../services/editInPlace.ts';
import { collectSources } from '../../services/restoreSources.ts';
import type { Register } from '../context.ts';
import { wrongUse } from '../output.ts';
import { addEffectOptions, addExportOptions, batchSettings, type RestoreOptions } from '../restoreOptions.ts';

/** `mcir edit`: what photo managers call as an external editor. */
export const registerEdit: Register = (program, context) => {
  const { output } = context;
  const command = program.command('edit').description('restore a file in its own place, for photo managers that hand over a copy').argument('<file>', 'the copy');
  addExportOptions(addEffectOptions(command)).action(async (file: string, options: RestoreOptions) => {
    const { models, settings } = await batchSettings(options, '.', context.home);
    await collectSources([file], false).catch(wrongUse);
    const restored = await editInPlace(file, models, settings, context.home);
    for (const warning of restored.warnings) output.log(warning);
    output.result({ file, ...restored }, `Restored ${file}.`);
  });
};
