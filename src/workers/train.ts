import { availableParallelism } from 'node:os';
import { BatchLoader } from '../core/data/loader.ts';
import { describeDevice, readEngine } from '../core/engine/device.ts';
import { openEngine } from '../core/engine/open.ts';
import { findNetwork } from '../core/networks/index.ts';
import { type Checkpoint, loadCheckpoint } from '../core/training/checkpoint.ts';
import { usedFeatureNetworks } from '../core/training/objective.ts';
import { RunFolder } from '../core/training/runFolder.ts';
import { Session, type SessionEnd } from '../core/training/session.ts';
import { Trainer } from '../core/training/trainer.ts';
import { loadFeatures } from '../services/features.ts';
import { openHome } from '../services/home.ts';
import { resolveModel } from '../services/models.ts';
import { programVersion } from '../services/version.ts';
import { AppError, messageOf } from '../shared/errors.ts';
import { type Outcome, type TrainEvent, type TrainStart, trainStart } from '../shared/jobMessages.ts';
import type { RunFacts } from '../shared/runs.ts';
import { serveJob, type WorkerJob } from './host.ts';

/** The child process that does one training: everything a run needs is opened here, then core's session runs. */
serveJob(async (payload, job) => {
  const start = trainStart.parse(payload);
  const folder = new RunFolder(start.folder).create();
  try {
    return await train(start, folder, job);
  } catch (error) {
    folder.writeLog(`failed: ${messageOf(error)}`);
    throw error;
  }
});

async function train(start: TrainStart, folder: RunFolder, job: WorkerJob): Promise<Outcome> {
  const { config } = start;
  const emit = (event: TrainEvent): void => job.emit(event);
  const log = (text: string): void => {
    folder.writeLog(text);
    emit({ type: 'log', text });
  };
  // Pictures first: what is wrong with them is told before the engine takes its time to load.
  const { type, options } = config.network;
  const network = findNetwork(type);
  const loader = await BatchLoader.open({ data: config.data, seed: config.seed, scale: network.scale(network.options.parse(options)) });
  let leftOut = 0;
  const nameUnusable = (): void => {
    for (const { file, reason } of loader.problems.slice(leftOut)) log(`Left out ${file} (${++leftOut} so far): ${reason}`);
  };
  let trainer: Trainer | undefined;
  try {
    const threads = openEngineLike(start);
    const checkpoint = await loadCheckpoint(folder, log);
    const opened = await openTrainer(start, checkpoint);
    trainer = opened.trainer;
    folder.truncateMetrics(checkpoint ? trainer.step : -1);
    const { tensorflow, device } = readEngine();
    const facts: RunFacts = {
      versions: { program: programVersion, tensorflow, node: process.versions.node },
      device: describeDevice(device),
      threads,
      dataFingerprint: loader.fingerprint,
      features: trainer.featuresNote,
      importedFeatures: opened.importedFeatures,
      parameters: trainer.model.parameters.count,
    };
    emit({ type: 'ready', step: trainer.step, facts });
    log(`${trainer.step > 0 ? `Going on at step ${trainer.step}` : 'Starting'}: ${config.network.type}, ${facts.parameters} parameters; ${loader.counts.train} pictures to train on, ${loader.counts.validation} to measure on; features: ${facts.features}.`);
    if (start.facts && start.facts.dataFingerprint !== facts.dataFingerprint) log('The pictures have changed since this run began: from here on it differs from one that was not interrupted.');
    if (loader.unmatched.length > 0) log(`${loader.unmatched.length} pictures have no partner and are left out:\n  ${loader.unmatched.join('\n  ')}`);
    const session = new Session({
      run: start.run, config, folder, trainer, loader,
      control: job.control,
      judgement: checkpoint?.judgement,
      onMetrics: (line, progress) => {
        emit({ type: 'metrics', line, progress });
        nameUnusable();
      },
      onPause: (paused) => job.paused(paused),
    });
    const end = await session.run();
    if (loader.withAlpha.length > 0) log(`The alpha channel of ${loader.withAlpha.length} pictures was left out, first of ${loader.withAlpha[0]}.`);
    return outcomes[end](config.stopEarly ?? 0);
  } finally {
    nameUnusable();
    await loader.close();
    trainer?.dispose();
  }
}

const outcomes: Record<SessionEnd, (stopEarly: number) => Outcome> = {
  'all-steps': () => ({ state: 'finished' }),
  'no-progress': (validations) => ({ state: 'finished', reason: `Ended early: the PSNR has not risen in ${validations} validations.` }),
  stopped: () => ({ state: 'stopped' }),
};

/**
 * Opens the engine with as many threads as the run began with: sums over another number of threads round differently.
 * @returns how many
 */
function openEngineLike({ config, facts }: TrainStart): number {
  const standard = availableParallelism();
  const threads = facts?.threads ?? config.threads ?? standard;
  openEngine(threads === standard && config.threads === undefined ? {} : { threads });
  return threads;
}

/** The trainer at its start or at the checkpoint, in the feature space that the run began with. */
async function openTrainer(start: TrainStart, checkpoint: Checkpoint | undefined): Promise<{ trainer: Trainer; importedFeatures: string | null }> {
  const { config, facts } = start;
  const home = openHome(start.home);
  const features = facts?.importedFeatures === null ? [] : usedFeatureNetworks(config).flatMap((name) => loadFeatures(name, home) ?? []);
  const importedFeatures = features.length > 0 ? features.map(({ source }) => source).join('; ') : null;
  if (facts && facts.importedFeatures !== importedFeatures) {
    throw new AppError('conflict', `This run began with other feature weights (${facts.importedFeatures}); import them again with \`mcir features import\`, then resume.`);
  }
  const { weights } = config.network;
  const initial = weights !== undefined && !checkpoint ? (await resolveModel(weights, home)).weights : undefined;
  const trainer = new Trainer(config, { features, ...(initial ? { initial } : {}) });
  if (checkpoint) trainer.restore(checkpoint.snapshot);
  return { trainer, importedFeatures };
}
