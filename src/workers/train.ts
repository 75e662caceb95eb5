import { describeDevice, readEngine } from '../core/engine/device.ts';
import { loadCheckpoint } from '../core/training/checkpoint.ts';
import { RunFolder } from '../core/training/runFolder.ts';
import { TrainingSession, type TrainingEnd } from '../core/training/trainingSession.ts';
import type { Trainer } from '../core/training/trainer.ts';
import { Lpips } from '../core/metrics/lpips.ts';
import { openHome } from '../services/app/home.ts';
import { requireLpips } from '../services/models/features.ts';
import { programCommit, programVersion } from '../services/app/version.ts';
import { messageOf } from '../shared/errors.ts';
import { type Outcome, trainContract, type TrainEvent, type TrainStart } from '../shared/jobMessages.ts';
import type { RunFacts } from '../shared/runs.ts';
import { serveJob, type WorkerJob } from './serveJob.ts';
import { explainMemory, openEngineLike, openLoader, openTrainer } from './openTraining.ts';

/** The child process that does one training: it opens everything a run needs, then runs core's training session. */
serveJob(trainContract, async (start, job) => {
  const folder = new RunFolder(start.folder).create();
  try {
    return await train(start, folder, job).catch((error: unknown) => explainMemory(error, start.config));
  } catch (error) {
    folder.writeLog(`failed: ${messageOf(error)}`);
    throw error;
  }
});

async function train(start: TrainStart, folder: RunFolder, job: WorkerJob<TrainEvent>): Promise<Outcome> {
  const { config } = start;
  const emit = (event: TrainEvent): void => job.emit(event);
  const log = (text: string): void => {
    folder.writeLog(text);
    emit({ type: 'log', text });
  };
  // Pictures first, so that their errors are reported before the slow start of the engine.
  const loader = await openLoader(config);
  let leftOut = 0;
  const nameUnusable = (): void => {
    for (const { file, reason } of loader.problems.slice(leftOut))
      log(`Left out ${file} (${++leftOut} so far): ${reason}`);
  };
  let trainer: Trainer | undefined;
  const weights = config.metrics.lpips.map((network) => requireLpips(network, openHome(start.home)));
  const perceptual: Lpips[] = [];
  try {
    const { threads, shares } = openEngineLike(config, start.facts);
    const checkpoint = await loadCheckpoint(folder, log);
    const opened = await openTrainer(start.home, config, shares, start.facts, checkpoint);
    trainer = opened.trainer;
    folder.truncateMetrics(checkpoint ? trainer.step : -1);
    perceptual.push(...weights.map((one) => new Lpips(one)));
    const { tensorflow, device } = readEngine();
    const commit = programCommit();
    const facts: RunFacts = {
      versions: {
        program: programVersion,
        ...(commit === undefined ? {} : { commit }),
        tensorflow,
        node: process.versions.node,
      },
      device: describeDevice(device),
      threads,
      ...(shares > 1 ? { shares } : {}),
      dataFingerprint: loader.fingerprint,
      features: trainer.featuresNote,
      importedFeatures: opened.importedFeatures,
      parameters: trainer.model.parameters.count,
    };
    emit({ type: 'ready', step: trainer.step, facts });
    log(
      `${trainer.step > 0 ? `Resuming at step ${trainer.step}` : 'Starting'}: ${config.network.type}, ${facts.parameters} parameters; ${loader.counts.train} pictures to train on, ${loader.counts.validation} to measure on; features: ${facts.features}.`,
    );
    if (start.facts && start.facts.dataFingerprint !== facts.dataFingerprint)
      log('The pictures have changed since this run began, so its result differs from that of an uninterrupted run.');
    if (loader.unmatched.length > 0)
      log(`${loader.unmatched.length} pictures have no match and are skipped:\n  ${loader.unmatched.join('\n  ')}`);
    const session = new TrainingSession({
      run: start.run,
      config,
      folder,
      trainer,
      loader,
      perceptual,
      control: job.control,
      judgement: checkpoint?.judgement,
      onMetrics: (line, progress) => {
        emit({ type: 'metrics', line, progress });
        nameUnusable();
      },
      onPause: (paused) => job.paused(paused),
      onTrouble: (sentence) => {
        emit({ type: 'waits', ...(sentence !== undefined && { reason: sentence }) });
        log(
          sentence === undefined
            ? 'The disk can be written again; resuming.'
            : `${sentence} The training waits until then.`,
        );
      },
    });
    const end = await session.run();
    if (loader.withAlpha.length > 0)
      log(`The alpha channel of ${loader.withAlpha.length} pictures was left out, first of ${loader.withAlpha[0]}.`);
    return outcomes[end](config.stopEarly ?? 0);
  } finally {
    nameUnusable();
    await loader.close();
    trainer?.dispose();
    for (const lpips of perceptual) lpips.dispose();
  }
}

const outcomes: Record<TrainingEnd, (stopEarly: number) => Outcome> = {
  'all-steps': () => ({ state: 'finished' }),
  'no-progress': (validations) => ({
    state: 'finished',
    reason: `Ended early: the PSNR has not risen in ${validations} validations.`,
  }),
  cancelled: () => ({ state: 'cancelled' }),
};
