import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BatchSettings } from '../../shared/batches.ts';
import { AppError } from '../../shared/errors.ts';
import { type BatchOrder, batchOrder, type TrainOrder, trainOrder, WORK_SCHEMA } from '../../shared/machines.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { Travel } from '../../shared/travel.ts';
import type { Home } from '../app/home.ts';
import { featureFile } from '../models/featureFiles.ts';
import { resolveModel } from '../models/models.ts';
import { BatchPlace } from './batchPlace.ts';
import { hashText, readJson, writeJson } from './jsonFile.ts';
import { keptRoots } from './roots.ts';
import { TrainPlace } from './trainPlace.ts';
import { shareFile, shareModel } from './travelModels.ts';

/** Writes work into a shared folder, once. Everything that a worker needs, except pictures, is copied there. */

/**
 * Writes the order of a batch, unless an earlier start of this program has written it.
 * @returns the folder, and SHA-256 of the order
 * @throws AppError if the folder or a model cannot be shared
 */
export async function openBatchOrder(
  batch: string,
  created: number,
  settings: BatchSettings,
  home: Home,
): Promise<{ place: BatchPlace; hash: string }> {
  const travel = requireTravel(settings);
  const roots = keptRoots(travel.roots);
  const place = await new BatchPlace(await roots.folder(travel.place)).create();
  if (!existsSync(place.orderFile)) {
    const models: BatchOrder['models'] = [];
    const shared = { ...travel.place, path: `${travel.place.path}/models` };
    for (const { ref, title, hash } of settings.models) {
      const model = await shareModel(ref, home, place.models, shared);
      if (model.reference.hash !== hash)
        throw new AppError(
          'conflict',
          `The model "${title}" has changed since the batch was started. Start a new batch to use the changed model.`,
        );
      models.push(model);
    }
    const { mask, ...effect } = settings.effect;
    const order: BatchOrder = {
      schema: WORK_SCHEMA,
      kind: 'batch',
      batch,
      created,
      out: await roots.toTravel(settings.out),
      models,
      effect: { ...effect, ...(mask === undefined ? {} : { mask: await shareFile(mask, place.models, shared, '') }) },
      export: { ...settings.export, conflict: keptConflict(settings) },
    };
    await writeJson(place.orderFile, batchOrder.parse(order));
  }
  return { place, hash: await hashOf(place.orderFile, batchOrder) };
}

/** @throws AppError `unsupported` for settings that only one machine can follow safely */
export function keptConflict({
  export: { conflict },
  beside = false,
}: Pick<BatchSettings, 'export' | 'beside'>): 'unique' | 'skip' {
  if (beside)
    throw new AppError('unsupported', 'A batch on several machines writes into one folder. Choose a results folder.');
  if (conflict === 'unique' || conflict === 'skip') return conflict;
  throw new AppError(
    'unsupported',
    'A batch on several machines never replaces a file. Use --on-conflict unique or skip, or another folder.',
  );
}

export function requireTravel({ travel }: Pick<BatchSettings, 'travel'>): Travel {
  if (!travel) throw new AppError('internal', 'The batch is not one for other machines.');
  return travel;
}

/**
 * Writes the order of a training, unless it exists.
 * @throws AppError if folders are outside all roots, or files cannot be shared
 */
export async function openTrainOrder(
  run: string,
  config: RunConfig,
  travel: Travel,
  home: Home,
): Promise<{ place: TrainPlace; hash: string }> {
  const roots = keptRoots(travel.roots);
  const place = new TrainPlace(await roots.folder(travel.place));
  if (!existsSync(place.orderFile)) {
    const shared = { ...travel.place, path: `${travel.place.path}/files` };
    const { train, validation } = config.data;
    const paths: TrainOrder['paths'] = {
      trainTarget: await roots.toTravel(train.target),
      ...(train.input === undefined ? {} : { trainInput: await roots.toTravel(train.input) }),
      ...(validation.target === undefined ? {} : { validationTarget: await roots.toTravel(validation.target) }),
      ...(validation.input === undefined ? {} : { validationInput: await roots.toTravel(validation.input) }),
    };
    const { weights, ...network } = config.network;
    const start = weights === undefined ? undefined : await resolveModel(weights, home);
    const features: TrainOrder['features'] = [];
    for (const name of ['vgg16', 'vgg19'] as const) {
      const file = join(home.features, featureFile(name));
      if (existsSync(file)) features.push({ name, ...(await shareFile(file, place.files, shared, '.safetensors')) });
    }
    const { input: _, ...plainTrain } = train;
    const { target: __, input: ___, ...plainValidation } = validation;
    const order: TrainOrder = {
      schema: WORK_SCHEMA,
      kind: 'train',
      run,
      config: {
        ...config,
        network,
        // Paths of this machine must not be in the order.
        data: { ...config.data, train: { ...plainTrain, target: '' }, validation: plainValidation },
      },
      paths,
      ...(start ? { weights: await shareFile(start.file, place.files, shared, '.safetensors') } : {}),
      features,
    };
    await writeJson(place.orderFile, trainOrder.parse(order));
  }
  return { place, hash: await hashOf(place.orderFile, trainOrder) };
}

async function hashOf(file: string, schema: typeof batchOrder | typeof trainOrder): Promise<string> {
  const order = await readJson(file, schema);
  if (!order) throw new AppError('not-found', `${dirname(file)} is gone. Check the shared folder.`);
  return hashText(await readFile(file, 'utf8'));
}
