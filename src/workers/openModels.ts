import { tensorFlowBackend } from '../core/engine/backend.ts';
import { openEngine } from '../core/engine/open.ts';
import { findingsFolder } from '../core/engine/settings.ts';
import type { Backend, DeviceRestorer } from '../core/inference/backends/backend.ts';
import { chooseBackend, type Verdicts } from '../core/inference/backends/choose.ts';
import { installedProviders } from '../core/inference/backends/providers.ts';
import { identityRestorer, openRestorer, type Restorer } from '../core/inference/restorer.ts';
import { graphicsFingerprint } from '../services/app/graphics.ts';
import { type OpenedModel, TileProcess } from '../services/restoring/tileProcess.ts';
import { VerdictStore } from '../services/restoring/verdictStore.ts';
import type { RestoreModel } from '../shared/batches.ts';
import { type BackendId, type DeviceChoice, isOnProcessor, type OnnxProvider, providerOf } from '../shared/devices.ts';
import { AppError } from '../shared/errors.ts';
import { loadModel } from './loadModel.ts';

export interface OpenedChain {
  /** In order of use. */
  restorers: Restorer[];
  /** The backend that each of them uses now; empty for one that changes nothing. */
  backends: () => BackendId[];
}

/**
 * Opens the models of a chain on the chosen device, or on the processor if there is no other.
 * @param tell called with a sentence for the user whenever something differs from what was requested
 * @throws AppError `engine` if neither TensorFlow nor ONNX Runtime works, and errors of a model
 */
export async function openModels(
  models: readonly RestoreModel[],
  device: DeviceChoice,
  tell: (sentence: string) => void,
): Promise<OpenedChain> {
  if (models.every(isIdentity)) return { restorers: models.map(() => identityRestorer), backends: () => [] };
  const engine = engineHere();
  const processes = new Map<OnnxProvider, TileProcess>();
  const processFor = (provider: OnnxProvider): TileProcess => {
    const found = processes.get(provider) ?? new TileProcess(provider);
    processes.set(provider, found);
    return found;
  };
  const ids = backendsFor(device, engine);
  const store = ids.others.length > 0 ? await openStore() : undefined;
  const chosen: (Restorer & { readonly backend: BackendId })[] = [];
  const restorers: Restorer[] = [];
  for (const model of models) {
    if (isIdentity(model)) {
      restorers.push(identityRestorer);
      continue;
    }
    const open = async (id: BackendId): Promise<DeviceRestorer> => {
      const provider = providerOf(id);
      if (provider === undefined) return openRestorer(await loadModel(model));
      return restorerOf(model, await processFor(provider).open(model));
    };
    const others = ids.others.map((id): Backend => {
      const provider = providerOf(id);
      return { id, open: () => open(id), close: () => void (provider && processes.get(provider)?.end()) };
    });
    const restorer = chooseBackend({
      reference: { id: ids.reference, restorer: await open(ids.reference) },
      others,
      ...(ids.wanted && { wanted: ids.wanted }),
      verdicts: store?.of(model.file?.hash ?? '', model.title) ?? none,
      tell,
    });
    chosen.push(restorer);
    restorers.push(restorer);
  }
  return { restorers, backends: () => chosen.map(({ backend }) => backend) };
}

const isIdentity = ({ network }: RestoreModel): boolean => network === 'identity';

/** If there is no other backend to compare with, nothing is stored. */
const none: Verdicts = { find: () => undefined, about: () => [], keep: () => undefined };

async function openStore(): Promise<VerdictStore | undefined> {
  const folder = findingsFolder();
  return folder === undefined ? undefined : new VerdictStore(folder, await graphicsFingerprint());
}

/** TensorFlow, if it loads in this process; it is then open. */
function engineHere(): 'tensorflow' | 'tensorflow-cuda' | undefined {
  try {
    openEngine();
    return tensorFlowBackend().isUsingGpuDevice ? 'tensorflow-cuda' : 'tensorflow';
  } catch (error) {
    if (error instanceof AppError && error.code === 'engine') return undefined;
    throw error;
  }
}

/**
 * The backends that are available for a choice of device.
 * @throws AppError `engine` if none is left
 */
function backendsFor(
  device: DeviceChoice,
  engine: 'tensorflow' | 'tensorflow-cuda' | undefined,
): { reference: BackendId; others: BackendId[]; wanted?: BackendId } {
  const onnx = installedProviders().map((provider): BackendId => `onnx:${provider}`);
  if (engine === undefined && onnx.length === 0)
    throw new AppError(
      'engine',
      'Neither TensorFlow nor ONNX Runtime can be used on this computer. Run: npm run setup',
    );
  const installed: BackendId[] = [...(engine ? [engine] : []), ...onnx];
  if (device === 'tensorflow' && engine) return { reference: engine, others: [] };
  const reference = installed.find(isOnProcessor) ?? 'tensorflow-cuda';
  const rest = installed.filter((id) => id !== reference);
  // Without TensorFlow there is nothing to choose.
  if (device === 'tensorflow') return { reference, others: [] };
  if (device === 'cpu') return { reference, others: rest.filter(isOnProcessor) };
  if (device === 'auto') return { reference, others: rest };
  const asked: BackendId = device === 'cuda' && engine === 'tensorflow-cuda' ? engine : `onnx:${device}`;
  // A backend that is not installed reports that when it is opened.
  return { reference, others: [asked], wanted: asked };
}

function restorerOf({ title }: RestoreModel, { run, ...facts }: OpenedModel): DeviceRestorer {
  return {
    title,
    ...facts,
    run: async (tile, timeMs) => ({ ...(await run(tile, timeMs)), channels: 3 }),
    dispose: () => undefined,
  };
}
