import { mean } from '../../core/statistics/paired.ts';
import type { StudyShown, StudyVerdict } from '../../shared/contract/studies.ts';
import type { LpipsNetwork } from '../../shared/lpipsNetworks.ts';
import type { FinalFigures, StudyPlan } from '../../shared/studies.ts';
import { trainedInVgg } from '../training/report/vggFavoured.ts';
import { verdictsOf } from './verdicts.ts';

/** True if LPIPS-VGG must not be used alone to judge: an arm was trained with VGG features, which favours it there. */
export const vggFavoured = ({ lpips, arms }: StudyPlan): boolean =>
  lpips.includes('vgg') && arms.some(({ config }) => trainedInVgg(config));

/** The arms with their changes, and their means over pictures and seeds. */
export function shownArms(
  plan: StudyPlan,
  figures: readonly FinalFigures[],
  featuresOf: (arm: string) => string | undefined,
): StudyShown['arms'] {
  const baseline = plan.arms.find(({ name }) => name === plan.baseline);
  return plan.arms.map(({ name, config }) => {
    const own = figures.filter(({ arm }) => arm === name);
    const features = featuresOf(name);
    return {
      name,
      steps: config.steps,
      differs: name === plan.baseline || !baseline ? [] : differences(baseline.config, config),
      ...(features !== undefined && { features }),
      ...(own.length > 0 && { figures: meansOf(own, plan.lpips) }),
    };
  });
}

function meansOf(own: readonly FinalFigures[], lpips: readonly LpipsNetwork[]): StudyShown['arms'][0]['figures'] {
  const pictures = own.flatMap((one) => one.pictures);
  const over = (value: (picture: (typeof pictures)[0]) => number | undefined): number =>
    mean(pictures.map((picture) => value(picture) ?? Number.NaN));
  return {
    seeds: own.length,
    psnr: over(({ psnr }) => psnr),
    ssim: over(({ ssim }) => ssim),
    ...(lpips.length > 0 && {
      lpips: Object.fromEntries(lpips.map((network) => [network, over((picture) => picture.lpips?.[network])])),
    }),
    seconds: mean(own.map(({ seconds }) => seconds)),
  };
}

/** Fields in which an arm differs from the baseline, by path; a removed field is shown as a dash. */
function differences(baseline: object, own: object): { path: string; value: string }[] {
  const [before, now] = [flatten(baseline), flatten(own)];
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((path) => before.get(path) !== now.get(path))
    .map((path) => ({ path, value: now.get(path) ?? '–' }));
}

function flatten(value: unknown, path = '', fields = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, fields);
  } else if (value !== undefined) fields.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  return fields;
}

/** The verdicts that the results so far allow. */
export const shownVerdicts = (plan: StudyPlan, figures: readonly FinalFigures[]): StudyVerdict[] =>
  verdictsOf(plan, figures).map(({ arm, baseline, verdict, seeds, comparison, bootstrap, corrected }) => {
    const { count, mean: difference, low, high } = comparison;
    return {
      ...{ arm, baseline, verdict, count, mean: difference, interval: { low, high }, bootstrap },
      ...(seeds !== undefined && { moreSeeds: Number.isFinite(seeds) ? seeds - count : null }),
      p: corrected.p,
      equivalenceP: corrected.equivalenceP,
    };
  });
