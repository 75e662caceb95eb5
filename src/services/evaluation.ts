import { AppError } from '../shared/errors.ts';
import { type EvaluatedPicture, type EvaluateEvent, evaluateEvent, type EvaluateStart } from '../shared/jobMessages.ts';
import { forkWorker, type StartWorker } from './jobs/workerProcess.ts';

export interface Evaluation {
  /** Title of the model, its network, and SHA-256 of its file. */
  model: { title: string; network: string; hash: string };
  pictures: EvaluatedPicture[];
  /** Means over the pictures; PSNR in dB, null where a picture was restored without any error. */
  mean: { psnr: number | null; ssim: number };
  /** Pictures that could not be measured, and why. */
  failed: { name: string; reason: string }[];
  /** Files without a partner. */
  unmatched: string[];
  /** How it was measured. */
  cropBorder: number;
  yChannel: boolean;
}

/**
 * Measures a model on pairs of pictures, in a child process.
 * @param onEvent is told of the model, and of each picture as it is done
 * @throws AppError what the worker found, `worker-died`, or `cancelled` after the signal
 */
export function evaluate(question: EvaluateStart, onEvent: (event: EvaluateEvent) => void = () => undefined, signal?: AbortSignal, startWorker: StartWorker = forkWorker): Promise<Evaluation> {
  const { cropBorder, yChannel } = question;
  return new Promise((resolve, reject) => {
    const worker = startWorker('evaluate', undefined);
    const pictures: EvaluatedPicture[] = [];
    const failed: Evaluation['failed'] = [];
    let opened: Extract<EvaluateEvent, { type: 'model' }> | undefined;
    signal?.addEventListener('abort', () => worker.kill());
    worker.onMessage((message) => {
      if (message.type === 'failed') reject(AppError.fromWire(message.error));
      if (message.type === 'event') {
        const event = evaluateEvent.parse(message.event);
        if (event.type === 'model') opened = event;
        else if (event.type === 'picture') pictures.push(event.picture);
        else failed.push({ name: event.name, reason: event.reason });
        onEvent(event);
      }
      if (message.type === 'done' && opened) {
        const { title, network, hash, unmatched } = opened;
        if (pictures.length === 0) return reject(new AppError('bad-input', `None of the pictures can be measured. ${failed[0]?.name}: ${failed[0]?.reason}`));
        resolve({ model: { title, network, hash }, pictures, mean: meanOf(pictures), failed, unmatched, cropBorder, yChannel });
      }
    });
    // After an answer this changes nothing.
    worker.onExit((code, by) => {
      if (signal?.aborted) reject(new AppError('cancelled', 'The evaluation was cancelled.'));
      else reject(new AppError('worker-died', `The process that evaluated ended (${by ?? `exit code ${code ?? 'unknown'}`}); try smaller pictures, or with more memory free.`));
    });
    worker.send({ type: 'start', payload: question });
  });
}

function meanOf(pictures: readonly EvaluatedPicture[]): Evaluation['mean'] {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const exact = pictures.some(({ psnr }) => psnr === null);
  return { psnr: exact ? null : mean(pictures.map(({ psnr }) => psnr ?? 0)), ssim: mean(pictures.map(({ ssim }) => ssim)) };
}
