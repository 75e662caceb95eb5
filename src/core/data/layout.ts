import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { listFolders } from './files.ts';

/** The two folders of a data set, relative to its root. */
export interface Layout {
  input: string;
  target: string;
}

/** Usual names for the folder of degraded pictures … */
const INPUTS =
  /^(hazy|haze|inputs?|in|data|rain|rainy|rainy_image|blur|blurry|noisy|noise|lq|lr|low|degraded|synthetic)$/i;
/** … and for the folder of clean ones: RESIDE, DehazeFormer, Rain100, DDN, IDT, GoPro, SIDD, BasicSR, LOL. */
const TARGETS = /^(clear|clean|gt|targets?|ground_?truth|norain|sharp|hq|hr|high|normal)$/i;
/** Set5's LRx4, MATLAB's X4. */
const SCALED = /^(?:lr_?)?x(\d)$/i;
/** Subsets that must not be mixed, so that nobody trains on test pictures by accident. */
const PARTS = /^(train(ing)?|test(ing)?|val(id(ation)?)?|indoor|outdoor|its|ots|sots|hsts|rtts)$/i;

/**
 * Recognises the layout of a data set's root: an input and a target folder side by side, DIV2K's `*_HR` and
 * `*_LR_bicubic/X4`, or many scenes with both in each (GoPro).
 * @param scale how many times smaller the degraded pictures are; chooses between X2, X3 and X4
 * @returns one layout, or one per scene; empty if none is recognised
 * @throws AppError `conflict` if there are several and the user must choose.
 */
export async function recogniseLayout(root: string, scale: number): Promise<Layout[]> {
  const folders = await listFolders(root);
  const own = await layoutOf(root, folders, scale);
  if (own) return [own];
  const inside: { folder: string; layout: Layout }[] = [];
  for (const folder of folders) {
    const layout = await layoutOf(join(root, folder), await listFolders(join(root, folder)), scale);
    if (layout) inside.push({ folder, layout });
  }
  const parts = inside.filter(({ folder }) => PARTS.test(folder)).map(({ folder }) => folder);
  if (parts.length > 0 && inside.length > 1) {
    throw new AppError(
      'conflict',
      `${root} contains several data sets: ${inside.map(({ folder }) => folder).join(', ')}. Give one of them.`,
    );
  }
  return inside.map(({ folder, layout }) => ({
    input: `${folder}/${layout.input}`,
    target: `${folder}/${layout.target}`,
  }));
}

async function layoutOf(root: string, folders: readonly string[], scale: number): Promise<Layout | undefined> {
  const targets = folders.filter((name) => TARGETS.test(name) || /_HR$/.test(name));
  const inputs = [
    ...folders.filter((name) => INPUTS.test(name) || isScale(name, scale)),
    ...(await div2kInputs(root, folders, scale)),
  ];
  if (targets.length === 0 || inputs.length === 0) return undefined;
  if (targets.length > 1 || inputs.length > 1) {
    throw new AppError(
      'conflict',
      `It is not clear which folders of ${root} belong together: ${[...inputs, ...targets].join(', ')}. Give the input and the target folder.`,
    );
  }
  return { input: inputs[0] as string, target: targets[0] as string };
}

const isScale = (name: string, scale: number): boolean => Number(SCALED.exec(name)?.[1]) === scale;

/** `DIV2K_train_LR_bicubic/X4`. */
async function div2kInputs(root: string, folders: readonly string[], scale: number): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders.filter((name) => /_LR(_|$)/.test(name))) {
    const scales = (await listFolders(join(root, folder))).filter((name) => isScale(name, scale));
    found.push(...scales.map((name) => `${folder}/${name}`));
  }
  return found;
}
