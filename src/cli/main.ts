import { Command, CommanderError } from 'commander';
import { installLastResort } from '../services/app/lastResort.ts';
import { programVersion } from '../services/app/version.ts';
import { commands } from './commands/index.ts';
import { CliContext } from './cliContext.ts';
import { exitCode } from './output.ts';

/**
 * The command line. Commander reports wrong usage; errors thrown by a command become one sentence and an exit code
 * here.
 */
const context = new CliContext();
installLastResort({
  note: (error) => void context.output.error(error),
  save: () => context.close(),
  endOnStorage: true,
});
const program = new Command('mcir')
  .description('Restore photographs and retrain restoration networks with model contrastive learning (MCIR), offline.')
  .version(programVersion)
  .option(
    '--json',
    'print exactly one JSON object on stdout; restore, watch and edit first print one JSON line per file',
  )
  .configureHelp({ showGlobalOptions: true })
  // Errors are reported below, in one place.
  .configureOutput({ outputError: () => undefined })
  .exitOverride()
  .hook('preAction', (_, action) => {
    context.output.json = action.optsWithGlobals<{ json?: boolean }>().json ?? false;
  });
for (const register of commands) register(program, context);

try {
  context.output.json = process.argv.includes('--json');
  await program.parseAsync();
} catch (error) {
  // Commander throws for help and version too, with exit code 0.
  const helped = error instanceof CommanderError && error.exitCode === 0;
  process.exitCode = helped ? exitCode.done : context.output.error(error);
} finally {
  await context.close();
}
