import { resolve } from 'node:path';
import type { ModelReference, RestoreModel } from '../../shared/batches.ts';
import type { Home } from '../app/home.ts';
import { type ResolvedModel, resolveModel } from '../models/models.ts';

/** The name of the model that changes nothing. */
export const identity = 'identity';

/**
 * A model by its name (see resolveModel; `identity` changes nothing), in the forms that the worker and the ledger need.
 * @throws AppError as resolveModel does
 */
export async function findModel(ref: string, home: Home): Promise<{ model: RestoreModel; reference: ModelReference }> {
  if (ref === identity)
    return {
      model: { title: identity, network: identity, options: {} },
      reference: { ref, title: identity, hash: '', scale: 1 },
    };
  const resolved = await resolveModel(ref, home);
  const { title, hash, scale, run, file } = resolved;
  // A file is stored with its absolute path, because a batch may be resumed from another folder.
  const lasting = resolve(ref) === resolve(file) ? resolve(ref) : ref;
  return {
    model: toRestoreModel(resolved),
    reference: { ref: lasting, title, hash, scale, ...(run === undefined ? {} : { run }) },
  };
}

/** What the worker needs of a model. */
export function toRestoreModel({ title, network, options, inputNorm, file, hash, graph }: ResolvedModel): RestoreModel {
  return {
    title,
    network,
    options,
    file: { path: file, hash },
    ...(inputNorm && { inputNorm }),
    ...(graph && { graph }),
  };
}
