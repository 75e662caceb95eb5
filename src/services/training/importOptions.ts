import { parse } from 'yaml';
import { networks } from '../../core/networks/index.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import { parseConfig } from './configFile.ts';

/** A run made from an option file of BasicSR or traiNNer-redux. */
export interface ImportedOptions {
  config: RunConfig;
  /** Fields of the file that have no counterpart here, with their values. */
  leftOut: string[];
}

type Tree = Record<string, unknown>;

/** Fields about how the other program works, which do not affect what is trained. */
const withoutEffect =
  /^(model_type|num_gpu|dist_params|logger|use_amp|amp_bf16|compile|deterministic|detect_anomaly|high_order_degradation|path\.(experiments_root|strict_load_g|resume_state|param_key_g|strict_resume)|datasets\.\w+\.(name|type|io_backend|filename_tmpl|num_worker_per_gpu|prefetch_mode|pin_memory|dataset_enlarge_ratio|use_shuffle|num_prefetch_queue|mean|std|phase|scale|accum_iter)|train\.optim_g\.(type|fused)|train\.(pixel_opt|perceptual_opt|perceptual_pos_opt)\.(reduction|criterion|use_input_norm|range_norm|style_weight|type)|val\.(save_img|suffix|pbar|use_pbar|val_enabled|metrics_enabled|tile\w*)|val\.metrics\.\w+\.(type|better))(\.|$)/;

/** A tree whose values are taken one by one; what was not taken is known at the end. */
class Options {
  readonly #tree: Tree;
  readonly #taken: string[] = [];

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** The first of these paths that has a value. */
  take<T>(...paths: string[]): T | undefined {
    for (const path of paths) {
      const value = path.split('.').reduce<unknown>((part, key) => (isTree(part) ? part[key] : undefined), this.#tree);
      if (value === undefined || value === null || value === '~') continue;
      this.#taken.push(path);
      return value as T;
    }
    return undefined;
  }

  /** Returns a value that could not be used. */
  refuse(path: string): undefined {
    this.#taken.splice(this.#taken.indexOf(path), 1);
    return undefined;
  }

  left(): string[] {
    const found: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (this.#taken.includes(path) || withoutEffect.test(path) || value === null || value === '~') return;
      if (isTree(value)) for (const [key, item] of Object.entries(value)) walk(item, path ? `${path}.${key}` : key);
      else found.push(`${path}: ${JSON.stringify(value)}`);
    };
    walk(this.#tree, '');
    return found;
  }
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Converts an option file of BasicSR or traiNNer-redux (including MCLIR's) to a run.
 * @throws AppError `bad-input` if it is not such a file, `unsupported` for a network that is not available here
 */
export function importOptions(text: string, source: string): ImportedOptions {
  const options = new Options(parseTree(text, source));
  const { network, scale } = networkOf(options, source);
  const gtSize = options.take<number>('datasets.train.gt_size');
  const patch = options.take<number>('datasets.train.lq_size') ?? (gtSize === undefined ? undefined : gtSize / scale);
  const train = folders(options, 'datasets.train');
  const validation = folders(options, 'datasets.val', 'datasets.val_1');
  const weights = options.take<string>('path.pretrain_network_g');
  const steps = options.take<number>('train.total_iter', 'total_iter');
  const value = {
    name: options.take<string>('name'),
    seed: options.take<number>('manual_seed'),
    network: { ...network, ...(weights !== undefined && { weights }) },
    data: defined({
      train: { target: train.target ?? 'datasets/clean', ...(train.input !== undefined && { input: train.input }) },
      validation: validation.target === undefined ? undefined : defined(validation),
      patch,
      batch: options.take<number>('datasets.train.batch_size_per_gpu', 'datasets.train.batch_size'),
      flip: options.take<boolean>('datasets.train.use_hflip', 'datasets.train.use_flip'),
      rotate: options.take<boolean>('datasets.train.use_rot'),
    }),
    steps,
    optimiser: defined({
      lr: options.take<number>('train.optim_g.lr'),
      betas: options.take<number[]>('train.optim_g.betas'),
      weightDecay: options.take<number>('train.optim_g.weight_decay'),
      eps: options.take<number>('train.optim_g.eps'),
    }),
    schedule: scheduleOf(options),
    clipNorm: clipOf(options),
    ema: options.take<number>('train.ema_decay'),
    loss: lossOf(options),
    ...negativesOf(options),
    validateEvery: options.take<number>('val.val_freq'),
    saveEvery: options.take<number>('logger.save_checkpoint_freq'),
    metrics: defined({
      cropBorder: options.take<number>('val.metrics.psnr.crop_border'),
      yChannel: options.take<boolean>('val.metrics.psnr.test_y_channel'),
    }),
  };
  for (const metric of ['ssim', 'lpips', 'dists'])
    for (const field of ['crop_border', 'test_y_channel']) options.take(`val.metrics.${metric}.${field}`);
  return { config: parseConfig(defined(value), source), leftOut: options.left() };
}

function parseTree(text: string, source: string): Tree {
  let tree: unknown;
  try {
    tree = parse(text);
  } catch (error) {
    throw new AppError('bad-input', `${source} is not valid YAML: ${messageOf(error).split('\n')[0]}.`, {
      cause: error,
    });
  }
  if (isTree(tree) && isTree(tree['network_g'])) return tree;
  throw new AppError(
    'bad-input',
    `${source} is not an option file of BasicSR or traiNNer-redux: it has no network_g. Choose another file.`,
  );
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

function networkOf(options: Options, source: string) {
  const name = options.take<string>('network_g.type') ?? '';
  const found = networks.find(({ id }) => plain(name).startsWith(plain(id)));
  if (!found)
    throw new AppError(
      'unsupported',
      `${source} trains the network "${name}", which is not supported. List the networks with \`mcir networks\`.`,
    );
  const fileScale = options.take<number>('scale') ?? 1;
  const known = Object.keys((found.options as unknown as { shape?: object }).shape ?? {});
  const own = Object.fromEntries(
    known.flatMap((key) => {
      const value = options.take(`network_g.${key}`);
      if (value === undefined) return [];
      // Set one field at a time: fields that do not fit are reported, the others are kept.
      if (found.options.safeParse({ [key]: value }).success) return [[key, value]];
      options.refuse(`network_g.${key}`);
      return [];
    }),
  );
  const scaled = ['upscale', 'scale'].find((key) => known.includes(key) && own[key] === undefined);
  const all = { ...own, ...(scaled !== undefined && { [scaled]: fileScale }) };
  const parsed = found.options.safeParse(all);
  return {
    network: { type: found.id, options: all, ...(found.inputNorm && { inputNorm: found.inputNorm }) },
    scale: parsed.success ? found.scale(parsed.data) : fileScale,
  };
}

function folders(options: Options, ...places: string[]): { target: string | undefined; input: string | undefined } {
  const at = (side: string): string | undefined => {
    const value = options.take<string | string[]>(...places.map((place) => `${place}.dataroot_${side}`));
    return Array.isArray(value) ? value[0] : value;
  };
  return { target: at('gt'), input: at('lq') };
}

function scheduleOf(options: Options): object {
  const type = options.take<string>('train.scheduler.type') ?? '';
  const warmup = options.take<number>('train.warmup_iter');
  const common = warmup === undefined || warmup < 0 ? {} : { warmup };
  if (/cosine/i.test(type))
    return defined({
      ...common,
      type: 'cosine',
      period: options.take<number>('train.scheduler.T_max') ?? options.take<number[]>('train.scheduler.periods')?.[0],
      minimum:
        options.take<number>('train.scheduler.eta_min') ?? options.take<number[]>('train.scheduler.eta_mins')?.[0],
    });
  if (/multistep/i.test(type))
    return defined({
      ...common,
      type: 'multistep',
      milestones: options.take<number[]>('train.scheduler.milestones'),
      gamma: options.take<number>('train.scheduler.gamma'),
    });
  if (type !== '') options.refuse('train.scheduler.type');
  return { ...common, type: 'constant' };
}

/** BasicSR's option clips gradients to a norm of 0.01. */
function clipOf(options: Options): number | undefined {
  return options.take<boolean>('train.use_grad_clip', 'train.grad_clip') === true ? 0.01 : undefined;
}

const pixelLosses: Record<string, string> = {
  l1loss: 'l1',
  charbonnierloss: 'charbonnier',
  mseloss: 'mse',
  psnrloss: 'psnr',
};

function lossOf(options: Options): object {
  const type = options.take<string>('train.pixel_opt.type');
  const pixel = type === undefined ? undefined : pixelLosses[plain(type)];
  if (type !== undefined && pixel === undefined) options.refuse('train.pixel_opt.type');
  const positive = options.take<number>('train.perceptual_pos_opt.perceptual_weight');
  options.take('train.perceptual_pos_opt.layer_weights');
  options.take('train.perceptual_pos_opt.vgg_type');
  return defined({
    pixel: defined({ type: pixel, weight: options.take<number>('train.pixel_opt.loss_weight') }),
    positive: positive === undefined ? undefined : { weight: positive },
  });
}

/** MCLIR's negatives. Its code reads the list of intervals backwards (docs/method.md). */
function negativesOf(options: Options): object {
  const intervals = options.take<number | number[]>('train.neg_iter', 'neg_iter');
  const decays = [options.take<number | number[]>('train.neg_decay', 'neg_decay') ?? 0.1].flat();
  const threshold = options.take<number>('train.neg_t', 'neg_t');
  const layers = options.take<Record<string, number>>('train.perceptual_opt.layer_weights');
  const network = options.take<string>('train.perceptual_opt.vgg_type');
  const features = defined({ layers, network });
  if (intervals === undefined && threshold === undefined) {
    if (layers) options.refuse('train.perceptual_opt.layer_weights');
    return {};
  }
  const weight = options.take<number>('train.perceptual_opt.perceptual_weight');
  const start = options.take<number>('train.neg_start', 'neg_start');
  const every = [intervals ?? 1000].flat().toReversed();
  const count = Math.max(every.length, decays.length);
  const negatives = Array.from({ length: count }, (_, i) => ({ every: every[i] ?? 1000, decay: decays[i] ?? 0.1 }));
  const adaptive = threshold === undefined ? {} : { rule: 'adaptive', adaptive: { threshold } };
  return { features, mcir: defined({ weight, start, negatives, ...adaptive }) };
}

const defined = (object: Tree): Tree =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
