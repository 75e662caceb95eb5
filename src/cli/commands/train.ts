import { readConfigFile } from '../../services/configFile.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { Register } from '../context.ts';
import { followTraining } from '../followTraining.ts';
import { wrongUse } from '../output.ts';

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** `mcir train`: starts a run from a configuration file and follows it to its end. */
export const registerTrain: Register = (program, context) => {
  program
    .command('train')
    .argument('<config>', 'configuration (YAML); examples are in resources/presets')
    .description('train a network; Ctrl-C saves first, and `mcir resume` goes on')
    .option('--set <path=value>', 'set a field of the configuration, such as mcir.weight=0.002; null leaves it out (repeatable)', collect, [])
    .option('--steps <number>', 'training steps: the same as --set steps=NUMBER')
    .action(async (file: string, options: { set: string[]; steps?: string }) => {
      let config: RunConfig;
      try {
        config = readConfigFile(file, [...options.set, ...(options.steps === undefined ? [] : [`steps=${options.steps}`])]);
      } catch (error) {
        wrongUse(error);
      }
      const services = await context.services();
      const run = services.training.start(config);
      await followTraining(services, run.id, context.output);
    });
};
