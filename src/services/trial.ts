import { AppError } from '../shared/errors.ts';
import type { RunConfig } from '../shared/runConfig.ts';
import { type Trial, trial } from '../shared/trials.ts';
import { parseConfig } from './configFile.ts';
import type { Home } from './home.ts';
import { forkWorker, type StartWorker } from './jobs/workerProcess.ts';

/**
 * Measures what a training would take by running a few steps of it in a child process; nothing is kept of them.
 * @throws AppError what is wrong with the configuration or its pictures, `out-of-memory`, `worker-died`, or `cancelled` after the signal
 */
export function tryTraining(config: RunConfig, home: Home, signal?: AbortSignal, startWorker: StartWorker = forkWorker): Promise<Trial> {
  parseConfig(config, 'The configuration');
  return new Promise((resolve, reject) => {
    const worker = startWorker('trial', undefined);
    signal?.addEventListener('abort', () => worker.kill());
    worker.onMessage((message) => {
      if (message.type === 'event') resolve(trial.parse(message.event));
      else if (message.type === 'failed') reject(AppError.fromWire(message.error));
    });
    // After an answer this changes nothing.
    worker.onExit((code, by) => {
      if (signal?.aborted) return reject(new AppError('cancelled', 'The measurement was cancelled.'));
      const hint = by === 'SIGKILL' ? ', which often means that memory ran out: lower the samples in a step or the patch' : '; lower the samples in a step or the patch, and try again';
      reject(new AppError('worker-died', `The process that tried the training ended (${by ?? `exit code ${code ?? 'unknown'}`})${hint}.`));
    });
    worker.send({ type: 'start', payload: { home: home.root, config } });
  });
}
