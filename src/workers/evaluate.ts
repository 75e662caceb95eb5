import { findPairs } from '../core/data/pairs.ts';
import { openEngine } from '../core/engine/open.ts';
import { openRestorer } from '../core/inference/restorer.ts';
import { evaluatePair } from '../core/metrics/evaluate.ts';
import { openHome } from '../services/app/home.ts';
import { resolveModel } from '../services/models/models.ts';
import { toRestoreModel } from '../services/restoring/restoreModel.ts';
import { AppError } from '../shared/errors.ts';
import { evaluateContract } from '../shared/jobMessages.ts';
import { loadModel } from './loadModel.ts';
import { serveChild } from './serveChild.ts';

/** The child process that measures a model on a folder of pairs, picture by picture. */
serveChild(evaluateContract, {
  evaluate: async ({ home, model: reference, input, target, cropBorder, yChannel, threads }, tell) => {
    const resolved = await resolveModel(reference, openHome(home));
    openEngine(threads === undefined ? {} : { threads });
    const model = await openRestorer(await loadModel(toRestoreModel(resolved)));
    const { samples, unmatched } = await findPairs({ target, input }, model.scale);
    const { title, network, hash } = resolved;
    tell({ type: 'model', title, network, hash, pictures: samples.length, unmatched });
    for (const { name, input: lq, target: gt } of samples) {
      if (lq === undefined) continue;
      try {
        const { psnr, ssim } = await evaluatePair(model, { input: lq, target: gt }, { cropBorder, yChannel });
        tell({ type: 'picture', picture: { name, psnr: Number.isFinite(psnr) ? psnr : null, ssim } });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        tell({ type: 'failed', name, reason: error.message });
      }
      await new Promise(setImmediate);
    }
    return {};
  },
});
