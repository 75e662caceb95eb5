import type { Register } from '../cliContext.ts';
import { followTraining } from '../followTraining.ts';

/** `mcir resume`: goes on with a run that was stopped, failed or was interrupted. */
export const registerResume: Register = (program, context) => {
  program
    .command('resume')
    .argument('<run>', 'id or name of the run')
    .description('go on with a training where it last saved')
    .action(async (reference: string) => {
      const services = await context.services();
      const run = await services.training.resume(reference);
      await followTraining(services, run.id, context.output);
    });
};
