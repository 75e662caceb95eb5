import { z } from 'zod';
import { lpipsNetwork } from './lpipsNetworks.ts';

/**
 * The complete configuration of a training run: what a YAML file in resources/presets, `--set path=value` and the form
 * of the Train screen describe. Descriptions are shown to users. Unknown fields are refused.
 */

const fraction = z.number().min(0).max(1);

/** A degradation by its id in core/degradations, with its settings, which the degradation validates itself. */
export const degradationStep = z.looseObject({
  type: z.string().describe('Id of the degradation; `mcir degradations` lists them.'),
  chance: fraction.optional().describe('Share of the pictures that are degraded in this way; by default all of them.'),
});

const folderPair = {
  target: z.string().describe('Folder of clean pictures (ground truth).'),
  input: z
    .string()
    .optional()
    .describe('Folder of degraded pictures, paired by name. Leave it out to make them with `degradations`.'),
  degradations: z
    .array(degradationStep)
    .default([])
    .describe('Applied in order to the clean pictures if there is no input folder.'),
};

export const dataConfig = z.strictObject({
  train: z.strictObject(folderPair).describe('Training data.'),
  validation: z
    .strictObject({
      target: folderPair.target.optional(),
      input: folderPair.input,
      degradations: z.array(degradationStep).optional().describe('By default the degradations of `train`.'),
      share: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.1)
        .describe('Without folders: this share of the training pictures, chosen by the seed, is held out.'),
      count: z.int().positive().default(8).describe('At most this many pictures are used.'),
      size: z
        .int()
        .min(16)
        .optional()
        .describe(
          'Each picture is cropped to a centred square of this many target pixels; by default the whole picture is used.',
        ),
    })
    .prefault({})
    .describe('Validation data; never used for training.'),
  patch: z.int().min(8).max(1024).default(64).describe('Side of the square training patch, in input pixels.'),
  batch: z.int().min(1).max(256).default(4).describe('Batch size: samples per step.'),
  flip: z.boolean().default(true).describe('Flip samples at random.'),
  rotate: z.boolean().default(true).describe('Rotate samples by quarter turns at random.'),
});

export const lossConfig = z.strictObject({
  pixel: z
    .strictObject({
      type: z
        .enum(['l1', 'charbonnier', 'mse', 'psnr'])
        .default('l1')
        .describe('How output and target are compared; psnr is the negative PSNR, as in the training of NAFNet.'),
      weight: z.number().nonnegative().default(1).describe('Weight of this term.'),
    })
    .prefault({})
    .describe('Pulls the output towards the clean picture, pixel by pixel.'),
  positive: z
    .strictObject({ weight: z.number().positive().default(0.001) })
    .optional()
    .describe('Pulls the output towards the clean picture in feature space.'),
  contrastive: z
    .strictObject({
      type: z
        .enum(['cr', 'ccr'])
        .default('cr')
        .describe('cr: AECR-Net; ccr: C2PNet, with every negative in the denominator.'),
      weight: z.number().positive().default(0.1).describe('Weight of this term.'),
    })
    .optional()
    .describe('The ratio terms of the baselines, with the degraded input as the negative.'),
});

export const negativeConfig = z.strictObject({
  every: z.int().min(1).default(1000).describe('Steps between two updates of this older copy.'),
  decay: fraction.default(0.1).describe('Share of the old copy that an update keeps.'),
});

export const mcirConfig = z.strictObject({
  weight: z
    .union([z.number().nonnegative(), z.string().regex(/^\d+(\.\d+)? ?%$/, 'a number, or a share such as "6 %"')])
    .default(0.001)
    .describe(
      'Weight of the negative term; 0.001 as published. A share of the gradient such as "6 %" is held by measuring it.',
    ),
  negatives: z
    .array(negativeConfig)
    .min(1)
    .max(16)
    .default([1000, 500, 200, 100].map((every) => ({ every, decay: 0.1 })))
    .describe('The older copies, each with its own age.'),
  start: fraction.default(0.1).describe('Share of random weights in an older copy at the start.'),
  rule: z
    .enum(['interval', 'adaptive'])
    .default('interval')
    .describe('interval: each copy at its own interval. adaptive: the next copy, whenever the residual is large.'),
  adaptive: z
    .strictObject({
      threshold: z
        .number()
        .positive()
        .default(0.022)
        .describe('Standard deviation of the residual above which the next copy is updated.'),
      decay: fraction.default(0.001).describe('Share of the old copy that such an update keeps.'),
    })
    .prefault({})
    .describe('Settings of the adaptive rule.'),
  measureEvery: z.int().min(1).default(50).describe("Steps between two measurements of the negatives' effect."),
  direction: z
    .enum(['away', 'towards', 'random'])
    .default('away')
    .describe(
      'Controls for studies. towards: the sign is flipped. random: a random direction with a gradient of equal length.',
    ),
  source: z
    .enum(['history', 'input'])
    .default('history')
    .describe('Controls for studies. input: the degraded picture is the negative.'),
});

/** Layers whose features are compared, by torchvision's names, with their weights; the default is the paper's. */
export const featuresConfig = z.strictObject({
  network: z.enum(['vgg16', 'vgg19']).default('vgg16').describe('The network whose features compare pictures.'),
  layers: z
    .record(z.string(), z.number())
    .default({ relu1_2: 0.2, relu2_2: 0.3, relu3_3: 0.5 })
    .describe('Layers and their weights.'),
  standIn: z
    .boolean()
    .default(false)
    .describe('For studies: compare in the seeded stand-in even if trained weights are at hand.'),
});

export const runConfig = z.strictObject({
  name: z.string().min(1).max(120).default('untitled').describe('Name of the run.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .describe('Seed of all random choices in the run.'),
  network: z
    .strictObject({
      type: z.string().describe('Id of the network; `mcir networks` lists them.'),
      options: z.record(z.string(), z.unknown()).default({}).describe('Options of that network.'),
      weights: z
        .string()
        .optional()
        .describe('A weights file or run to start from; by default random weights from the seed.'),
      inputNorm: z
        .strictObject({
          mean: z.tuple([z.number(), z.number(), z.number()]),
          std: z.tuple([z.number(), z.number(), z.number()]),
        })
        .optional()
        .describe("Normalises the input (not the target) before the network, as FFA-Net's published training does."),
    })
    .describe('The network to train.'),
  data: dataConfig.describe('Training and validation pictures.'),
  steps: z.int().min(1).default(1000).describe('Training steps.'),
  precision: z
    .enum(['float32', 'bfloat16', 'float16'])
    .default('float32')
    .describe('Precision of convolutions; weights, losses and sums stay float32.'),
  compile: z.boolean().default(true).describe('Run each step as one compiled graph.'),
  optimiser: z
    .strictObject({
      lr: z.number().positive().default(2e-4).describe('Learning rate.'),
      betas: z.tuple([fraction, fraction]).default([0.9, 0.9]).describe('Decay of the moments.'),
      eps: z.number().positive().default(1e-8).describe('Added to the denominator.'),
      weightDecay: z.number().nonnegative().default(0).describe('Decoupled weight decay.'),
    })
    .prefault({})
    .describe('AdamW.'),
  schedule: z
    .strictObject({
      type: z
        .enum(['constant', 'cosine', 'multistep'])
        .default('cosine')
        .describe('Shape of the learning rate schedule.'),
      period: z
        .int()
        .min(1)
        .optional()
        .describe('cosine: steps from the highest to the lowest rate (T_max); by default all steps.'),
      minimum: z.number().nonnegative().default(1e-8).describe('cosine: lowest rate.'),
      milestones: z.array(z.int().min(1)).default([]).describe('multistep: steps at which the rate falls.'),
      gamma: fraction.default(0.5).describe('multistep: factor at each milestone.'),
      warmup: z.int().min(0).default(0).describe('Steps over which the rate rises linearly from 0 at the start.'),
    })
    .prefault({})
    .describe('Learning rate schedule.'),
  clipNorm: z.number().positive().optional().describe('Gradients are scaled down if their overall norm exceeds this.'),
  ema: fraction.default(0.999).describe('Decay of the averaged weights (EMA), which validation and the result use.'),
  loss: lossConfig.prefault({}).describe('Losses besides the negative term.'),
  mcir: mcirConfig.optional().describe('Model contrastive learning (MCIR); null trains without it.'),
  features: featuresConfig.prefault({}).describe('Feature space of the contrastive terms.'),
  validateEvery: z.int().min(1).default(500).describe('Steps between validations.'),
  saveEvery: z.int().min(1).default(200).describe('Steps between checkpoints.'),
  stopEarly: z.int().min(1).optional().describe('Stop after this many validations without a better PSNR.'),
  metrics: z
    .strictObject({
      cropBorder: z.int().min(0).default(0).describe('Pixels cropped from each side before measuring.'),
      yChannel: z.boolean().default(false).describe('Measure on the luma channel instead of RGB.'),
      lpips: z
        .array(lpipsNetwork)
        .max(2)
        .default([])
        .describe('Also measure LPIPS with these networks: alex, vgg. They must be fetched first.'),
    })
    .prefault({})
    .describe('How validation pictures are measured.'),
  threads: z
    .int()
    .min(1)
    .optional()
    .describe('Threads of the engine; by default all cores. Results are the same only with the same number.'),
});

export type RunConfig = z.output<typeof runConfig>;
export type DataConfig = z.output<typeof dataConfig>;
export type McirConfig = z.output<typeof mcirConfig>;
export type DegradationStep = z.output<typeof degradationStep>;
