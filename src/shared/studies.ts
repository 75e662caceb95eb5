import { z } from 'zod';
import { lpipsNetwork } from './lpipsNetworks.ts';
import { degradationStep, runConfig } from './runConfig.ts';

/**
 * A study: one training in several arms that differ in one thing, over several seeds, with pictures that are measured
 * once.
 */

const overrides = z
  .record(z.string(), z.unknown())
  .describe('Fields of the configuration by their path, such as mcir.weight; null leaves a field out.');

const finalSelection = {
  count: z.int().min(1).optional().describe('At most this many pictures, spread evenly over the list.'),
  size: z
    .int()
    .min(16)
    .optional()
    .describe('Side of the square that is cut from the centre of each clean picture, where the inputs are made.'),
};

const studyArm = z.strictObject({
  name: z.string().min(1).max(40).describe('Name of the arm, for people.'),
  set: overrides.default({}),
  /**
   * The arm gets as many steps as fit into the other arm's time. A trial of both measures it when the study is created.
   */
  timeOf: z.string().optional().describe('Another arm whose wall time this arm gets instead of equal steps.'),
});

const pictures = z.strictObject({
  target: z.string().describe('Folder of clean pictures.'),
  input: z.string().optional().describe('Folder of degraded pictures; by default they are made.'),
  degradations: z
    .array(degradationStep)
    .optional()
    .describe('How inputs are made; by default as those of the training.'),
});

/** The file that describes a study. */
export const studyFile = z.strictObject({
  name: z.string().min(1).max(60).describe('Name of the study, for people.'),
  question: z.string().default('').describe('What it asks, in a sentence.'),
  base: z
    .string()
    .regex(/\.ya?ml$/i, 'a file that ends in .yml')
    .describe('Configuration (YAML) that all arms share.'),
  set: overrides.default({}).describe('Changes of the base for all arms.'),
  branch: z
    .string()
    .optional()
    .describe('Weights file, model or run that every arm starts from; by default from scratch.'),
  arms: z.array(studyArm).min(2).describe('What is compared.'),
  baseline: z.string().optional().describe('Name of the arm that the others are compared with; by default the first.'),
  seeds: z.array(z.int().min(0)).min(2).describe('One training of every arm for each.'),
  steps: z.int().min(1).optional().describe('Equal steps for every arm; by default those of the base.'),
  tuning: pictures.optional().describe('Pictures that are measured during training; by default those of the base.'),
  final: pictures.extend(finalSelection).describe('Pictures that are measured once, when every training has ended.'),
  margin: z.number().positive().default(0.05).describe('Differences below this count as equivalent, in dB.'),
  lpips: z.array(lpipsNetwork).default([]).describe('Measures LPIPS of the final pictures as well.'),
});
export type StudyFile = z.output<typeof studyFile>;

/** One file of a list that was locked. */
export const lockedFile = z.object({ name: z.string(), sha256: z.string() });

/** Written when a study is created; it never changes after that. */
export const studyPlan = z.object({
  id: z.string(),
  name: z.string(),
  question: z.string(),
  created: z.number(),
  baseline: z.string(),
  seeds: z.array(z.int()),
  margin: z.number(),
  lpips: z.array(lpipsNetwork),
  /** Every arm's whole configuration; seed and name are each run's own. */
  arms: z.array(z.object({ name: z.string(), config: runConfig })),
  /** Of all configurations together. */
  configHash: z.string(),
  final: z.object({ input: z.string(), target: z.string(), hash: z.string(), files: z.array(lockedFile) }),
  tuning: z.object({ hash: z.string(), files: z.array(lockedFile) }),
  /** Final pictures that an earlier study measured during training, and that study's id. */
  seenBefore: z.array(z.object({ name: z.string(), study: z.string() })),
});
export type StudyPlan = z.output<typeof studyPlan>;

/** The result of one arm and seed on the final pictures. */
export const finalFigures = z.object({
  arm: z.string(),
  seed: z.int(),
  run: z.string(),
  /** SHA-256 of the measured checkpoint. */
  hash: z.string(),
  /** Seconds of computing that the training took. */
  seconds: z.number(),
  pictures: z.array(
    z.object({
      name: z.string(),
      psnr: z.number(),
      ssim: z.number(),
      lpips: z.partialRecord(lpipsNetwork, z.number()).optional(),
    }),
  ),
});
export type FinalFigures = z.output<typeof finalFigures>;
