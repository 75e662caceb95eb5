import { readConfigFile, requireFolders } from '../../services/training/configFile.ts';
import { prepareStart } from '../../services/training/retrain.ts';
import { tryTraining } from '../../services/training/trial.ts';
import { duration } from '../../shared/duration.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { Trial } from '../../shared/trials.ts';
import type { Register } from '../cliContext.ts';
import { followTraining } from '../followTraining.ts';
import { wrongUse } from '../output.ts';

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** `mcir train`: starts a run from a configuration file and follows it to its end. */
export const registerTrain: Register = (program, context) => {
  program
    .command('train')
    .argument('<config>', 'configuration (YAML); examples are in resources/presets')
    .description('train a network; Ctrl-C saves first, and `mcir resume` resumes it')
    .option(
      '--set <path=value>',
      'set a field of the configuration, such as mcir.weight=0.002; null leaves it out (repeatable)',
      collect,
      [],
    )
    .option('--steps <number>', 'training steps: the same as --set steps=NUMBER')
    .option('--estimate', 'only run a few steps, and estimate time and memory of the whole training')
    .action(async (file: string, options: { set: string[]; steps?: string; estimate?: boolean }) => {
      let config: RunConfig;
      try {
        config = await prepareStart(
          readConfigFile(file, [...options.set, ...(options.steps === undefined ? [] : [`steps=${options.steps}`])]),
          context.home,
        );
        // Checked before the run is created, so that a run that cannot start leaves nothing behind.
        await requireFolders(config);
      } catch (error) {
        wrongUse(error);
      }
      if (options.estimate) {
        const measured = await tryTraining(config, context.home, context.children.options);
        return context.output.result(measured, describe(measured, config));
      }
      const services = await context.services();
      const run = services.training.start(config);
      await followTraining(services, run.id, context.output);
    });
};

function describe(
  {
    stepMs,
    measured,
    firstStepMs,
    validationMs,
    validations,
    totalSeconds,
    memory,
    device,
    threads,
    engine,
    features,
    parameters,
    counts,
  }: Trial,
  { steps }: RunConfig,
): string {
  return [
    `${steps} steps would take about ${duration(totalSeconds)}.`,
    `a step       ${stepMs.toFixed(0)} ms (median of ${measured}); the first ${firstStepMs.toFixed(0)} ms; ${engine}`,
    `validations  ${validations} of ${(validationMs / 1000).toFixed(1)} s`,
    `memory       ${(memory / 2 ** 30).toFixed(2)} GiB peak so far`,
    `pictures     ${counts.train} to train on, ${counts.validation} to measure on`,
    `network      ${parameters} parameters; features: ${features}`,
    `device       ${device}, ${threads} threads`,
  ].join('\n');
}
