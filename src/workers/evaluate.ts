import { findPairs } from '../core/data/pairs.ts';
import { chosenDevice } from '../core/engine/settings.ts';
import { openEngine } from '../core/engine/open.ts';
import { evaluatePair } from '../core/metrics/evaluate.ts';
import type { Restorer } from '../core/inference/restorer.ts';
import { Lpips } from '../core/metrics/lpips.ts';
import { openHome } from '../services/app/home.ts';
import { requireLpips } from '../services/models/features.ts';
import { findModel } from '../services/restoring/restoreModel.ts';
import { AppError } from '../shared/errors.ts';
import { evaluateContract } from '../shared/jobMessages.ts';
import { openModels } from './openModels.ts';
import { serveChild } from './serveChild.ts';

function isEngineHere(threads: number | undefined): boolean {
  try {
    openEngine(threads === undefined ? {} : { threads });
    return true;
  } catch {
    return false;
  }
}

/** The child process that measures a model on a folder of pairs, picture by picture. */
serveChild(evaluateContract, {
  evaluate: async (question, tell) => {
    const { input, target, cropBorder, yChannel, lpips = [], threads } = question;
    const home = openHome(question.home);
    const { model: found, reference } = await findModel(question.model, home);
    const lpipsWeights = lpips.map((network) => requireLpips(network, home));
    // With its threads, before anything else opens it. Without TensorFlow ONNX Runtime is used, which cannot measure LPIPS.
    if (isEngineHere(threads) || lpips.length > 0) openEngine();
    const told = new Set<string>();
    const opened = await openModels([found], chosenDevice(), (sentence) => {
      if (!told.has(sentence)) tell({ type: 'note', sentence });
      told.add(sentence);
    });
    const [model] = opened.restorers as [Restorer];
    const perceptual = lpipsWeights.map((weights) => new Lpips(weights));
    const { samples, unmatched } = await findPairs({ target, input }, model.scale);
    const { title, network } = found;
    tell({ type: 'model', title, network, hash: reference.hash, pictures: samples.length, unmatched });
    for (const { name, input: lq, target: gt } of samples) {
      if (lq === undefined) continue;
      try {
        const pair = { input: lq, target: gt };
        const { psnr, ssim, lpips: distances } = await evaluatePair(model, pair, { cropBorder, yChannel }, perceptual);
        const more = perceptual.length > 0 ? { lpips: distances } : {};
        tell({ type: 'picture', picture: { name, psnr: Number.isFinite(psnr) ? psnr : null, ssim, ...more } });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        tell({ type: 'failed', name, reason: error.message });
      }
      await new Promise(setImmediate);
    }
    return {};
  },
});
