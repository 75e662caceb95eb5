import { AppError } from '../../shared/errors.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import { type Trial, trialContract } from '../../shared/trials.ts';
import type { Home } from '../app/home.ts';
import { askChild, type ChildEnd, type ChildOptions } from '../jobs/childProcess.ts';
import { parseConfig } from './configFile.ts';

/**
 * Measures the time and memory of a training by running a few steps in a child process. The result of the steps is
 * discarded.
 * @param options how the process is started (services/app/childSettings.ts), and a signal that cancels
 * @throws AppError if the configuration or pictures are not valid, `out-of-memory`, `worker-died`, or `cancelled` after
 * the signal
 */
export async function tryTraining(
  config: RunConfig,
  home: Home,
  options: ChildOptions & { signal?: AbortSignal } = {},
): Promise<Trial> {
  parseConfig(config, 'The configuration');
  return askChild(trialContract, 'measure', { home: home.root, config }, { ...options, explain: died });
}

function died({ code, signal }: ChildEnd): AppError {
  const hint =
    signal === 'SIGKILL'
      ? ', which often means that memory ran out: lower the batch size or the patch size'
      : '; lower the batch size or the patch size, and try again';
  return new AppError(
    'worker-died',
    `The process that estimated the training ended unexpectedly (${signal ?? `exit code ${code ?? 'unknown'}`})${hint}.`,
  );
}
