import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathMeant } from '../../core/files/byteNames.ts';
import { editInPlace } from '../../services/restoring/editInPlace.ts';
import { writeEditLauncher } from '../../services/restoring/editLauncher.ts';
import { collectSources } from '../../services/restoring/restoreSources.ts';
import { AppError } from '../../shared/errors.ts';
import type { Register } from '../cliContext.ts';
import { exitCode, wrongUse } from '../output.ts';
import { addEffectOptions, addExportOptions, batchSettings, type RestoreOptions } from '../restoreOptions.ts';

/** `mcir edit`: the external editor that photo managers call. */
export const registerEdit: Register = (program, context) => {
  const { output } = context;
  const command = program
    .command('edit')
    .description('restore files in place, for photo managers that hand over a copy')
    .argument('[file...]', 'the copies')
    .option(
      '--launcher <file>',
      'write a launcher that does this with the files it gets, for the settings of a photo manager',
    );
  addExportOptions(addEffectOptions(command), ['format', 'name', 'onConflict']).action(
    async (files: string[], options: RestoreOptions & { launcher?: string }) => {
      context.useDevice(options.device);
      const { models, settings } = await batchSettings(options, '.', context.home);
      if (options.launcher !== undefined) {
        const launcher = resolve(options.launcher);
        await writeEditLauncher(launcher, launcherArguments(options));
        return output.result(
          { launcher },
          `Wrote ${launcher}. Choose it as external editor; docs/photographs.md says where.`,
        );
      }
      if (files.length === 0) wrongUse(new AppError('bad-input', 'No files were given. Name the files to restore.'));
      await collectSources(files, false).catch(wrongUse);
      let done = 0;
      for await (const edited of editInPlace(files.map(pathMeant), models, settings, context)) {
        if (output.json) output.jsonLine({ file: edited });
        if ('reason' in edited) output.log(`${edited.file}: ${edited.reason}`);
        else {
          done++;
          for (const warning of edited.restored.warnings) output.log(`${edited.file}: ${warning}`);
        }
      }
      const failed = files.length - done;
      output.result({ done, failed }, `${done} of ${files.length} restored.`);
      if (failed > 0) process.exitCode = exitCode.failed;
    },
  );
};

/** The arguments with absolute paths, so that they work from any folder. */
function launcherArguments({
  preset,
  model = [],
  strength,
  ensemble,
  luminance,
  mask,
  tile,
  quality,
  strip,
  provenance,
}: RestoreOptions): string[] {
  const values = {
    preset,
    strength: strength === undefined ? undefined : Number((strength * 100).toFixed(4)),
    mask: mask === undefined ? undefined : resolve(mask),
    tile,
    quality,
    strip,
  };
  return [
    ...model.flatMap((ref) => ['--model', existsSync(ref) ? resolve(ref) : ref]),
    ...Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)])),
    ...[ensemble && '--ensemble', luminance && '--luminance', !provenance && '--no-provenance'].filter(
      (flag) => typeof flag === 'string',
    ),
  ];
}
