import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { evaluate } from '../../services/training/evaluation.ts';
import { requireFolder } from '../../services/app/folders.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { type EvaluatedPicture, type EvaluateEvent } from '../../shared/jobMessages.ts';
import { lpipsNetwork, type LpipsNetwork } from '../../shared/lpipsNetworks.ts';
import type { Register } from '../cliContext.ts';
import { wholeNumber } from '../numbers.ts';
import type { DeviceChoice } from '../../shared/devices.ts';
import { exitCode, table, wrongUse } from '../output.ts';
import { deviceOption } from '../restoreOptions.ts';

interface Options {
  model: string;
  input: string;
  target: string;
  cropBorder: number;
  yChannel?: boolean;
  lpips: LpipsNetwork[];
  device: DeviceChoice;
}

/** Error codes that are not about the engine, the memory or the disk. */
const inWhatWasTyped: readonly ErrorCode[] = ['bad-input', 'not-found', 'conflict', 'unsupported'];

/** LPIPS of a picture by the networks asked for, as text. */
const perceptual = ({ lpips }: Pick<EvaluatedPicture, 'lpips'>, networks: readonly LpipsNetwork[]): string[] =>
  networks.map((network) => lpips?.[network]?.toFixed(4) ?? '');

/** Commander's parser of `--lpips`, which may be given twice. @throws InvalidArgumentError */
function addNetwork(text: string, before: LpipsNetwork[]): LpipsNetwork[] {
  const network = lpipsNetwork.safeParse(text);
  if (!network.success) throw new InvalidArgumentError('Give alex or vgg.');
  return before.includes(network.data) ? before : [...before, network.data];
}

/** `mcir evaluate`: PSNR, SSIM and LPIPS of a model on pairs of pictures, as BasicSR and the lpips package measure them. */
export const registerEvaluate: Register = (program, context) => {
  const { output } = context;
  program
    .command('evaluate')
    .description('measure a model on pairs of pictures: PSNR, SSIM and LPIPS of each and the means')
    .requiredOption(
      '--model <model>',
      'a run (its best checkpoint), a checkpoint, a weights file, an added model, or identity for the input itself',
    )
    .requiredOption('--input <folder>', 'degraded pictures')
    .requiredOption('--target <folder>', 'clean pictures, paired by name')
    .option('--crop-border <pixels>', 'pixels cut from each side before measuring', wholeNumber(0), 0)
    .option('--y-channel', 'measure PSNR and SSIM on luma instead of RGB')
    .option(
      '--lpips <network>',
      'measure LPIPS too, with the features of alex or vgg (repeatable; `mcir features fetch`)',
      addNetwork,
      [],
    )
    .addOption(deviceOption().default('tensorflow', 'tensorflow: the same figures as in validation'))
    .action(async ({ model, input, target, cropBorder, yChannel = false, lpips, device }: Options) => {
      context.useDevice(device);
      const { home } = context;
      for (const folder of [input, target]) await requireFolder(resolve(folder)).catch(wrongUse);
      let begun = false;
      const question = {
        home: home.root,
        model,
        input: resolve(input),
        target: resolve(target),
        cropBorder,
        yChannel,
        ...(lpips.length > 0 && { lpips }),
      };
      const decibel = (psnr: number | null): string => (psnr === null ? 'infinite' : psnr.toFixed(3));
      const onEvent = (event: EvaluateEvent): void => {
        begun = true;
        if (event.type === 'model' && event.unmatched.length > 0)
          output.log(`${event.unmatched.length} files have no match and are skipped: ${event.unmatched.join(', ')}`);
        if (event.type === 'note') output.log(event.sentence);
        if (event.type === 'failed') output.log(`${event.name}: ${event.reason}`);
        if (event.type === 'picture')
          output.log(
            `${event.picture.name}  PSNR ${decibel(event.picture.psnr)} dB  SSIM ${event.picture.ssim.toFixed(4)}${perceptual(
              event.picture,
              lpips,
            )
              .map((value, i) => `  LPIPS-${lpips[i]} ${value}`)
              .join('')}`,
          );
      };
      const result = await evaluate(question, onEvent, context.children.options).catch((error: unknown) => {
        // Until the model is loaded and the pictures are paired, an error is probably caused by the arguments.
        if (begun || !(error instanceof AppError && inWhatWasTyped.includes(error.code))) throw error;
        return wrongUse(error);
      });
      const row = (name: string, measured: Omit<EvaluatedPicture, 'name'>): string[] => [
        name,
        decibel(measured.psnr),
        measured.ssim.toFixed(4),
        ...perceptual(measured, lpips),
      ];
      const rows = result.pictures.map((picture) => row(picture.name, picture));
      output.result(
        result,
        `${result.model.title} (${result.model.network}), ${yChannel ? 'Y' : 'RGB'}, border ${cropBorder}\n${table(['picture', 'PSNR', 'SSIM', ...lpips.map((network) => `LPIPS-${network}`)], [...rows, row('mean', result.mean)])}`,
      );
      if (lpips.length === 1 && lpips[0] === 'vgg')
        output.log(
          'A model that was trained with VGG features is favoured by LPIPS-vgg. Measure LPIPS-alex too: --lpips vgg --lpips alex',
        );
      if (result.failed.length > 0) process.exitCode = exitCode.failed;
    });
};
