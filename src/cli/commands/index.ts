import type { Register } from '../cliContext.ts';
import { registerBatch } from './batch.ts';
import { registerConfig } from './config.ts';
import { registerData } from './data.ts';
import { registerDemo } from './demo.ts';
import { registerDoctor } from './doctor.ts';
import { registerEvaluate } from './evaluate.ts';
import { registerEdit } from './edit.ts';
import { registerExplain } from './explain.ts';
import { registerFeatures } from './features.ts';
import { registerModels } from './models.ts';
import { registerNetworks } from './networks.ts';
import { registerPresets } from './presets.ts';
import { registerRestore } from './restore.ts';
import { registerResume } from './resume.ts';
import { registerRuns } from './runs.ts';
import { registerStudy } from './study.ts';
import { registerTrain } from './train.ts';
import { registerWatch } from './watch.ts';
import { registerWorker } from './worker.ts';

/** Every command, in the order of the help. */
export const commands: readonly Register[] = [
  registerDoctor,
  registerDemo,
  registerNetworks,
  registerRestore,
  registerPresets,
  registerBatch,
  registerWorker,
  registerWatch,
  registerEdit,
  registerExplain,
  registerTrain,
  registerResume,
  registerConfig,
  registerStudy,
  registerEvaluate,
  registerRuns,
  registerModels,
  registerFeatures,
  registerData,
];
