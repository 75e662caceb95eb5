import { AppError } from '../../shared/errors.ts';
import {
  evaluateContract,
  type EvaluatedPicture,
  type EvaluateEvent,
  type EvaluateStart,
} from '../../shared/jobMessages.ts';
import { type LpipsNetwork } from '../../shared/lpipsNetworks.ts';
import { askChild, type ChildOptions } from '../jobs/childProcess.ts';

export interface Evaluation {
  /** Title of the model, its network, and SHA-256 of its file. */
  model: { title: string; network: string; hash: string };
  pictures: EvaluatedPicture[];
  /** Means over the pictures; PSNR in dB, null if a picture was restored without any error. */
  mean: { psnr: number | null; ssim: number; lpips?: Partial<Record<LpipsNetwork, number>> };
  /** Pictures that could not be measured, with the reasons. */
  failed: { name: string; reason: string }[];
  /** Files without a partner. */
  unmatched: string[];
  /** How it was measured. */
  cropBorder: number;
  yChannel: boolean;
}

/**
 * Measures a model on pairs of pictures, in a child process.
 * @param onEvent called with the model, and with each picture when it is done
 * @param options how the process is started (services/app/childSettings.ts), and a signal that cancels
 * @throws AppError errors of the worker, `worker-died`, or `cancelled` after the signal
 */
export async function evaluate(
  question: EvaluateStart,
  onEvent: (event: EvaluateEvent) => void = () => undefined,
  options: ChildOptions & { signal?: AbortSignal } = {},
): Promise<Evaluation> {
  const { cropBorder, yChannel } = question;
  const pictures: EvaluatedPicture[] = [];
  const failed: Evaluation['failed'] = [];
  const models: Extract<EvaluateEvent, { type: 'model' }>[] = [];
  await askChild(evaluateContract, 'evaluate', question, {
    ...options,
    onEvent: (event) => {
      if (event.type === 'model') models.push(event);
      else if (event.type === 'picture') pictures.push(event.picture);
      else if (event.type === 'failed') failed.push({ name: event.name, reason: event.reason });
      onEvent(event);
    },
    explain: ({ cause, code, signal: by }) =>
      cause === 'asked'
        ? new AppError('cancelled', 'The evaluation was cancelled.')
        : new AppError(
            'worker-died',
            `The evaluation process ended unexpectedly (${by ?? `exit code ${code ?? 'unknown'}`}). Try smaller pictures, or free some memory.`,
          ),
  });
  const [opened] = models;
  if (!opened) throw new Error('The evaluation ended without a model.');
  if (pictures.length === 0)
    throw new AppError('bad-input', `None of the pictures can be measured. ${failed[0]?.name}: ${failed[0]?.reason}`);
  const { title, network, hash, unmatched } = opened;
  return { model: { title, network, hash }, pictures, mean: meanOf(pictures), failed, unmatched, cropBorder, yChannel };
}

function meanOf(pictures: readonly EvaluatedPicture[]): Evaluation['mean'] {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const networks = Object.keys(pictures[0]?.lpips ?? {}) as LpipsNetwork[];
  const meanLpips = (network: LpipsNetwork): number => mean(pictures.map((one) => one.lpips?.[network] ?? Number.NaN));
  const lpips = networks.map((network): [LpipsNetwork, number] => [network, meanLpips(network)]);
  const exact = pictures.some(({ psnr }) => psnr === null);
  return {
    psnr: exact ? null : mean(pictures.map(({ psnr }) => psnr ?? 0)),
    ssim: mean(pictures.map(({ ssim }) => ssim)),
    ...(lpips.length > 0 && { lpips: Object.fromEntries(lpips) }),
  };
}
