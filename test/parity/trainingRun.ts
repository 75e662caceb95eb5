import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runConfig, type RunConfig } from '../../src/shared/runConfig.ts';
import type { FeatureWeights, VggNetwork } from '../../src/core/losses/vgg.ts';
import { Trainer } from '../../src/core/training/trainer.ts';
import type { Weights } from '../../src/core/formats/weights.ts';
import { compare, worstOf, type Worst } from './errors.ts';
import { type CaseResult, networkId, networkOptions, readMeta, readWeights, tensorOf, toNhwc } from './fixture.ts';

const BARS = { pixel: 2e-5, negative: 2e-4, weights: 2e-5 };

interface Meta {
  class_: string;
  network: { type: string } & Record<string, unknown>;
  train: BasicSrOptions;
  log: ({ iter: number; lr: number } & Record<string, number>)[];
  input_norm: { mean: [number, number, number]; std: [number, number, number] } | null;
}

/** The options of the authors' training code that a fixture may carry. */
interface BasicSrOptions {
  ema_decay: number;
  total_iter: number;
  warmup_iter?: number;
  use_grad_clip?: number;
  optim_g: { lr: number; weight_decay?: number; betas?: [number, number]; eps?: number };
  scheduler: { type: string; T_max?: number; eta_min?: number; milestones?: number[]; gamma?: number };
  pixel_opt: { type: string; loss_weight?: number };
  perceptual_opt?: Perceptual;
  perceptual_pos_opt?: Perceptual;
  neg_iter: number | number[];
  neg_decay: number | number[];
  neg_t?: number;
}

interface Perceptual {
  layer_weights: Record<string, number>;
  vgg_type: VggNetwork;
  perceptual_weight: number;
}

/** How a golden run is replayed. */
interface Way {
  case: string;
  compile: boolean;
  shares: number;
}

/** Replays a golden run op by op, compiled, and if wanted compiled with its batch in two shares; one line for each. */
export function* trainingRun(folder: string, inShares: boolean): Generator<CaseResult> {
  const meta = readMeta<Meta>(folder);
  const data = readWeights(folder, 'data.safetensors');
  yield replay(folder, meta, data, { case: 'op by op', compile: false, shares: 1 });
  yield replay(folder, meta, data, { case: 'compiled', compile: true, shares: 1 });
  if (inShares) yield replay(folder, meta, data, { case: 'compiled, in shares', compile: true, shares: 2 });
}

function replay(folder: string, meta: Meta, data: Weights, { case: name, compile, shares }: Way): CaseResult {
  const trainer = new Trainer(toRunConfig(meta, compile), { features: featureWeights(folder, meta), shares });
  trainer.restore({
    tensors: initialState(readWeights(folder, 'initial.safetensors'), trainer),
    meta: { step: 0, adaptiveUpdates: 0 },
  });
  const losses: Record<string, Worst[]> = {};
  // SRNegModel_Multi logs the sum over the negatives; the loss itself uses their mean.
  const logged = meta.class_ === 'SRNegModel_Multi' ? trainer.negatives.length : 1;
  for (const entry of meta.log) {
    const report = trainer.train(batchOf(data, entry.iter));
    const pairs = {
      lr: [report.lr, entry.lr],
      l_pix: [report.losses['l_pix'], entry['l_pix']],
      l_neg: [(report.losses['l_neg'] ?? 0) * logged, entry['l_neg'] ?? entry['l_percep']],
      l_pos: [report.losses['l_pos'], entry['l_pos']],
      residual_std: [report.losses['residual_std'], entry['residual_std']],
    };
    for (const [term, [actual, expected]] of Object.entries(pairs))
      if (expected !== undefined) (losses[term] ??= []).push(compare([actual ?? Number.NaN], [expected]));
  }
  const engine = trainer.engineNote;
  const state = trainer.snapshot().tensors;
  const final = readWeights(folder, 'final.safetensors');
  const weights = worstOf(
    [...final.keys()].map((name) =>
      compare((state.get(name)?.data as Float32Array | undefined) ?? [], tensorOf(final, name).data),
    ),
  );
  trainer.dispose();
  const steps = Object.fromEntries(Object.entries(losses).map(([term, errors]) => [term, worstOf(errors)]));
  const pass =
    weights.absolute <= BARS.weights &&
    Object.entries(steps).every(
      ([term, { relative }]) => relative <= (term === 'l_pix' || term === 'lr' ? BARS.pixel : BARS.negative),
    ) &&
    (!compile || engine?.includes('compiled graph') === true);
  return {
    name: `mcir/${meta.class_}`,
    folder: folder.split(/[\\/]/).at(-1),
    case: name,
    steps,
    weights,
    engine,
    pass,
  };
}

function toRunConfig({ class_, network: { type, ...options }, train, input_norm }: Meta, compile: boolean): RunConfig {
  const { optim_g: optimiser, scheduler, perceptual_opt: negative, perceptual_pos_opt: positive } = train;
  const intervals = [train.neg_iter].flat().toReversed(); // the authors' code walks the list backwards
  const decays = [train.neg_decay].flat();
  const schedules: Record<string, 'cosine' | 'multistep'> = {
    TrueCosineAnnealingLR: 'cosine',
    MultiStepLR: 'multistep',
    MultiStepRestartLR: 'multistep',
  };
  const pixel: Record<string, RunConfig['loss']['pixel']['type']> = {
    L1Loss: 'l1',
    CharbonnierLoss: 'charbonnier',
    MSELoss: 'mse',
    PSNRLoss: 'psnr',
  };
  const perceptual = negative ?? positive;
  return runConfig.parse({
    network: {
      type: networkId(type),
      options: networkOptions(type, options),
      ...(input_norm ? { inputNorm: input_norm } : {}),
    },
    data: { train: { target: '-' } },
    steps: train.total_iter,
    compile,
    optimiser: {
      lr: optimiser.lr,
      betas: optimiser.betas ?? [0.9, 0.999],
      eps: optimiser.eps ?? 1e-8,
      weightDecay: optimiser.weight_decay ?? 0.01,
    },
    schedule: {
      type: schedules[scheduler.type] ?? 'constant',
      ...(scheduler.T_max === undefined ? {} : { period: scheduler.T_max }),
      minimum: scheduler.eta_min ?? 0,
      milestones: scheduler.milestones ?? [],
      gamma: scheduler.gamma ?? 0.1,
      warmup: Math.max(0, train.warmup_iter ?? 0),
    },
    ...(train.use_grad_clip ? { clipNorm: train.use_grad_clip } : {}),
    ema: train.ema_decay,
    loss: {
      pixel: { type: pixel[train.pixel_opt.type], weight: train.pixel_opt.loss_weight ?? 1 },
      ...(positive ? { positive: { weight: positive.perceptual_weight } } : {}),
    },
    ...(negative
      ? {
          mcir: {
            weight: negative.perceptual_weight,
            negatives: decays.map((decay, i) => ({ decay, every: intervals[i] })),
            rule: class_.includes('Adaptive') ? 'adaptive' : 'interval',
            adaptive: { threshold: train.neg_t ?? 0.022, decay: 0.001 },
          },
        }
      : {}),
    ...(perceptual ? { features: { network: perceptual.vgg_type, layers: perceptual.layer_weights } } : {}),
  });
}

/** The seeded feature networks beside the runs. */
function featureWeights(folder: string, { train }: Meta): FeatureWeights[] {
  const network = (train.perceptual_opt ?? train.perceptual_pos_opt)?.vgg_type;
  if (!network) return [];
  const place = [folder, join(folder, '..')].find((candidate) =>
    existsSync(join(candidate, `${network}_seeded.safetensors`)),
  );
  if (!place) throw new Error(`${network}_seeded.safetensors is neither in ${folder} nor in the folder above`);
  return [{ network, weights: readWeights(place, `${network}_seeded.safetensors`), source: 'fixture' }];
}

/** Network and negatives from the fixture; the average starts as a copy, the moments at zero. */
function initialState(initial: Weights, trainer: Trainer): Weights {
  const state = trainer.snapshot().tensors;
  for (const name of state.keys()) {
    const given = initial.get(name.replace(/^ema\./, 'net.'));
    if (given) state.set(name, given);
  }
  return state;
}

function batchOf(data: Weights, step: number) {
  const lq = toNhwc(tensorOf(data, `lq.${step}`));
  const gt = toNhwc(tensorOf(data, `gt.${step}`));
  return { lq: lq.data, gt: gt.data, count: lq.shape[0], lqSize: lq.shape[1], gtSize: gt.shape[1], names: [] };
}
