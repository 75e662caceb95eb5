import { AppError } from '../../shared/errors.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import { type Trial, trialContract } from '../../shared/trials.ts';
import type { Home } from '../app/home.ts';
import { askChild, type ChildEnd, type ChildOptions } from '../jobs/childProcess.ts';
import { parseConfig } from './configFile.ts';

/**
 * Measures what a training would take by running a few steps of it in a child process; nothing is kept of them.
 * @param options how the process is started (services/app/childSettings.ts), and a signal that cancels
 * @throws AppError what is wrong with the configuration or its pictures, `out-of-memory`, `worker-died`, or `cancelled` after the signal
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
