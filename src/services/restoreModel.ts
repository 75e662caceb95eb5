import { createModel } from '../core/networks/index.ts';
import type { ModelReference, RestoreModel } from '../shared/restore.ts';
import type { Home } from './home.ts';
import { resolveModel } from './models.ts';

/**
 * A model by what people call it (see resolveModel; `identity` is the one that changes nothing), as the worker and as the
 * ledger need it.
 * @throws AppError as resolveModel does
 */
export async function findModel(ref: string, home: Home): Promise<{ model: RestoreModel; reference: ModelReference }> {
  if (ref === 'identity') return { model: { title: 'identity', network: 'identity', options: {}, weights: new Map() }, reference: { ref, title: 'identity', hash: '', scale: 1 } };
  const model = await resolveModel(ref, home);
  const { network, options } = createModel(model.network, model.options);
  return { model, reference: { ref, title: model.title, hash: model.hash, scale: network.scale(options), ...(model.run === undefined ? {} : { run: model.run }) } };
}
