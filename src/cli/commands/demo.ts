import { samplePictureCount } from '../../core/data/samples/counts.ts';
import { type DemoResult, finishDemo, startDemo } from '../../services/training/demo.ts';
import { prepareSampleSet } from '../../services/training/sampleSet.ts';
import { AppError } from '../../shared/errors.ts';
import type { Register } from '../cliContext.ts';
import { watchTraining } from '../followTraining.ts';
import { table, wrongUse } from '../output.ts';

/** `mcir demo`: the guided sample, in about a minute on two cores. */
export const registerDemo: Register = (program, context) => {
  program
    .command('demo')
    .description('train a small network with MCIR on sample pictures, and restore three of them')
    .option('--steps <number>', 'training steps; by default as many as fit in a minute')
    .action(async ({ steps }: { steps?: string }) => {
      const { output } = context;
      if (steps !== undefined && !/^[1-9]\d*$/.test(steps))
        wrongUse(new AppError('bad-input', `--steps takes a whole number, not "${steps}".`));
      const services = await context.services();
      output.log('1/3  Creating sample pictures with haze.');
      const set = await prepareSampleSet(services.home, (done) => {
        if (done % 8 === 0) output.log(`     ${done} of ${samplePictureCount} created`);
      });
      output.log(
        '2/3  Training a small FFA-Net with MCIR: it is pushed away from the outputs of two older copies of itself.',
      );
      const { id } = startDemo(services, set, steps === undefined ? undefined : Number(steps));
      await watchTraining(services, id, output);
      output.log('3/3  Restoring three pictures that were not used for training.');
      const result = await finishDemo(services, set, id);
      output.result(result, describe(result, set.folder));
    });
};

function describe({ run, folder, sheets, pictures }: DemoResult, sampleFolder: string): string {
  const rows = pictures.map(({ name, before, after }) => [
    name,
    before.toFixed(2),
    after.toFixed(2),
    (after - before).toFixed(2),
  ]);
  return [
    table(['picture', 'hazy, dB', 'restored, dB', 'gain'], rows),
    '',
    `Before/after sheets  ${sheets}`,
    `Run ${run.id}           ${folder}`,
    `Sample pictures      ${sampleFolder}`,
    '',
    `The run is a model already: npm run mcir -- restore PICTURES --model ${run.id} --out FOLDER`,
  ].join('\n');
}
