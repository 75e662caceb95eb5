import type { RunConfig } from '../../shared/runConfig.ts';
import { type Trial, trial } from '../../shared/trials.ts';
import { parseConfig } from './configFile.ts';
import type { Home } from '../app/home.ts';
import { runWorker } from '../jobs/runWorker.ts';

/**
 * Measures what a training would take by running a few steps of it in a child process; nothing is kept of them.
 * @throws AppError what is wrong with the configuration or its pictures, `out-of-memory`, `worker-died`, or `cancelled` after the signal
 */
export async function tryTraining(config: RunConfig, home: Home, signal?: AbortSignal): Promise<Trial> {
  parseConfig(config, 'The configuration');
  let result: unknown;
  await runWorker({
    name: 'trial',
    payload: { home: home.root, config },
    onEvent: (event) => {
      result = event;
    },
    died: (code, by) => {
      const hint =
        by === 'SIGKILL'
          ? ', which often means that memory ran out: lower the samples in a step or the patch'
          : '; lower the samples in a step or the patch, and try again';
      return `The process that tried the training ended (${by ?? `exit code ${code ?? 'unknown'}`})${hint}.`;
    },
    cancelled: 'The measurement was cancelled.',
    signal,
  });
  return trial.parse(result);
}
