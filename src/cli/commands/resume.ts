import type { Register } from '../cliContext.ts';
import { followTraining } from '../followTraining.ts';

/** `mcir pause`, `mcir resume` and `mcir cancel`: control a training, whichever window or terminal runs it. */
export const registerResume: Register = (program, context) => {
  const { output } = context;
  const run = 'id or name of the run';

  program
    .command('pause')
    .argument('<run>', run)
    .description('pause a training: it saves and waits')
    .action(async (reference: string) => {
      const { training, runs } = await context.services();
      await training.pause(reference);
      const { id } = runs.find(reference);
      output.result(runs.find(id), `It saves and waits after the current step. Resume it: mcir resume ${id}`);
    });

  program
    .command('resume')
    .argument('<run>', run)
    .description('resume a training after a pause, or from its last checkpoint')
    .action(async (reference: string) => {
      const services = await context.services();
      const { id } = services.runs.find(reference);
      const { by } = await services.training.resume(id);
      if (by === undefined) return followTraining(services, id, output);
      output.result(
        services.runs.find(id),
        `The window or terminal that owns this training (${by}) resumes it. \`mcir runs show ${id}\` shows its progress.`,
      );
    });

  program
    .command('cancel')
    .argument('<run>', run)
    .description('cancel a training: it saves and ends; `mcir resume` resumes it')
    .action(async (reference: string) => {
      const { training, runs } = await context.services();
      const { id } = runs.find(reference);
      await training.cancel(id);
      const { step, state } = await training.ended(id);
      output.result(runs.find(id), `The training is ${state}, at step ${step}. Resume it: mcir resume ${id}`);
    });
};
