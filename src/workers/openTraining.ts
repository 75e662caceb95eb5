import { availableParallelism } from 'node:os';
import { BatchLoader } from '../core/data/loader.ts';
import { tensorFlowBackend } from '../core/engine/backend.ts';
import { chosenThreads } from '../core/engine/settings.ts';
import { openEngine } from '../core/engine/open.ts';
import { isOutOfMemory } from '../core/engine/memory.ts';
import { findNetwork } from '../core/networks/index.ts';
import type { Checkpoint } from '../core/training/checkpoint.ts';
import { sharesFor } from '../core/training/shares.ts';
import { usedFeatureNetworks } from '../core/training/objective.ts';
import { Trainer } from '../core/training/trainer.ts';
import { loadWeights } from '../core/formats/loadWeights.ts';
import { loadFeatures } from '../services/models/features.ts';
import { openHome } from '../services/app/home.ts';
import { resolveModel } from '../services/models/models.ts';
import { AppError } from '../shared/errors.ts';
import type { RunConfig } from '../shared/runConfig.ts';
import type { RunFacts } from '../shared/runs.ts';

/** What a training and its estimate (trial.ts) both open. */

/** The pictures of a configuration. @throws AppError if folders or names are wrong */
export function openLoader({ network: { type, options }, data, seed }: RunConfig): Promise<BatchLoader> {
  const network = findNetwork(type);
  return BatchLoader.open({ data, seed, scale: network.scale(network.options.parse(options)) });
}

/**
 * Opens the engine with the number of threads that the run started with, and splits batches into as many shares,
 * because sums in another order round differently. On a GPU a batch is not split, even if the run started on a CPU: its
 * rounding differs anyway.
 * @returns the number of shares
 */
export function openEngineLike(config: RunConfig, facts?: RunFacts): { threads: number; shares: number } {
  const standard = chosenThreads() ?? availableParallelism();
  const threads = facts?.threads ?? config.threads ?? standard;
  const shares = facts ? (facts.shares ?? 1) : sharesFor(config, threads);
  if (shares > 1) openEngine({ threads, sideBySide: true });
  else openEngine(threads === standard && config.threads === undefined ? {} : { threads });
  return { threads, shares: tensorFlowBackend().isUsingGpuDevice ? 1 : shares };
}

/** The trainer at its start or at the checkpoint, with the feature weights that the run started with. */
export async function openTrainer(
  homePath: string,
  config: RunConfig,
  shares: number,
  facts?: RunFacts,
  checkpoint?: Checkpoint,
): Promise<{ trainer: Trainer; importedFeatures: string | null }> {
  const home = openHome(homePath);
  const features =
    facts?.importedFeatures === null || config.features.standIn
      ? []
      : usedFeatureNetworks(config).flatMap((name) => loadFeatures(name, home) ?? []);
  const importedFeatures = features.length > 0 ? features.map(({ source }) => source).join('; ') : null;
  if (facts && facts.importedFeatures !== importedFeatures) {
    throw new AppError(
      'conflict',
      `This run started with other feature weights (${facts.importedFeatures}). Import those again with \`mcir features import\`, then resume.`,
    );
  }
  // Before version 0.2, a stand-in was scaled in another way and its note did not mention the scale.
  const gains = facts && !facts.features.includes('scaled to the published share') ? 'none' : 'share';
  const { weights } = config.network;
  const start = weights !== undefined && !checkpoint ? await resolveModel(weights, home) : undefined;
  const initial = start && (await loadWeights({ path: start.file, hash: start.hash }));
  const trainer = new Trainer(config, { features, gains, shares, ...(initial ? { initial } : {}) });
  if (checkpoint) trainer.restore(checkpoint.snapshot);
  return { trainer, importedFeatures };
}

/** Turns an out-of-memory error into a sentence that says what to lower. Other errors are rethrown unchanged. */
export function explainMemory(error: unknown, { data: { batch, patch }, mcir }: RunConfig): never {
  if (!isOutOfMemory(error) || error instanceof AppError) throw error;
  const copies = mcir ? ` or the number of older copies (now ${mcir.negatives.length})` : '';
  throw new AppError(
    'out-of-memory',
    `There is not enough memory for a training step. Lower the batch size (now ${batch}), the patch size (now ${patch} pixels)${copies}, and start again.`,
    { cause: error },
  );
}
