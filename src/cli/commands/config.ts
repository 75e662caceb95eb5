import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { writeConfig } from '../../services/training/configFile.ts';
import { importOptions, type ImportedOptions } from '../../services/training/importOptions.ts';
import { AppError } from '../../shared/errors.ts';
import type { Register } from '../cliContext.ts';
import { wrongUse } from '../output.ts';

/** `mcir config`: configurations of trainings. */
export const registerConfig: Register = (program, { output }) => {
  const config = program.command('config').description('configurations of trainings');
  config
    .command('import')
    .description('turn an option file of BasicSR or traiNNer-redux into a configuration for `mcir train`')
    .argument('<file>', 'the option file (YAML)')
    .option('--out <file>', 'where to write the configuration; by default it is printed')
    .action((file: string, { out }: { out?: string }) => {
      const imported = read(file);
      const text = writeConfig(imported.config);
      if (out !== undefined) writeNew(out, text);
      for (const field of imported.leftOut) output.log(`Left out: ${field}`);
      output.result(
        imported,
        out === undefined ? text : `Wrote ${out}. Check its folders, then run: mcir train ${out}`,
      );
    });
};

function read(file: string): ImportedOptions {
  try {
    return importOptions(readFileSync(file, 'utf8'), basename(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      wrongUse(new AppError('not-found', `${file} does not exist. Check the path.`, { cause: error }));
    return wrongUse(error);
  }
}

function writeNew(out: string, text: string): void {
  try {
    writeFileSync(out, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    wrongUse(new AppError('conflict', `${out} already exists. Choose another name.`, { cause: error }));
  }
}
