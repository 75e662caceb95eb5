import { resolve } from 'node:path';
import { evaluate } from '../../services/training/evaluation.ts';
import { requireFolder } from '../../services/app/folders.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { EvaluateEvent } from '../../shared/jobMessages.ts';
import type { Register } from '../cliContext.ts';
import { wholeNumber } from '../numbers.ts';
import { exitCode, table, wrongUse } from '../output.ts';

interface Options {
  model: string;
  input: string;
  target: string;
  cropBorder: number;
  yChannel?: boolean;
}

/** Error codes that are not about the engine, the memory or the disk. */
const inWhatWasTyped: readonly ErrorCode[] = ['bad-input', 'not-found', 'conflict', 'unsupported'];

/** `mcir evaluate`: PSNR and SSIM of a model on pairs of pictures, as BasicSR measures them. */
export const registerEvaluate: Register = (program, context) => {
  const { output } = context;
  program
    .command('evaluate')
    .description('measure a model on pairs of pictures: PSNR and SSIM of each and the means')
    .requiredOption('--model <model>', 'a run (its best checkpoint), a checkpoint, a weights file or an added model')
    .requiredOption('--input <folder>', 'degraded pictures')
    .requiredOption('--target <folder>', 'clean pictures, paired by name')
    .option('--crop-border <pixels>', 'pixels cropped from each side before measuring', wholeNumber(0), 0)
    .option('--y-channel', 'measure on luma instead of RGB')
    .action(async ({ model, input, target, cropBorder, yChannel = false }: Options) => {
      const { home } = context;
      for (const folder of [input, target]) await requireFolder(resolve(folder)).catch(wrongUse);
      let begun = false;
      const question = { home: home.root, model, input: resolve(input), target: resolve(target), cropBorder, yChannel };
      const decibel = (psnr: number | null): string => (psnr === null ? 'infinite' : psnr.toFixed(3));
      const onEvent = (event: EvaluateEvent): void => {
        begun = true;
        if (event.type === 'model' && event.unmatched.length > 0)
          output.log(`${event.unmatched.length} files have no match and are skipped: ${event.unmatched.join(', ')}`);
        if (event.type === 'failed') output.log(`${event.name}: ${event.reason}`);
        if (event.type === 'picture')
          output.log(
            `${event.picture.name}  PSNR ${decibel(event.picture.psnr)} dB  SSIM ${event.picture.ssim.toFixed(4)}`,
          );
      };
      const result = await evaluate(question, onEvent, context.children.options).catch((error: unknown) => {
        // Until the model is loaded and the pictures are paired, what was typed may be at fault.
        if (begun || !(error instanceof AppError && inWhatWasTyped.includes(error.code))) throw error;
        return wrongUse(error);
      });
      const rows = result.pictures.map(({ name, psnr, ssim }) => [name, decibel(psnr), ssim.toFixed(4)]);
      const mean = ['mean', decibel(result.mean.psnr), result.mean.ssim.toFixed(4)];
      output.result(
        result,
        `${result.model.title} (${result.model.network}), ${yChannel ? 'Y' : 'RGB'}, border ${cropBorder}\n${table(['picture', 'PSNR', 'SSIM'], [...rows, mean])}`,
      );
      if (result.failed.length > 0) process.exitCode = exitCode.failed;
    });
};
