import type { LpipsValues } from '../../../../shared/lpipsNetworks.ts';
import type { SharedCrop, Run } from '../../../../shared/contract/training.ts';

/** Content of one tile: the input, the target, or a run's result at a step. */
export interface Column {
  key: string;
  picture: string;
  run?: Run;
  step?: number;
  best?: boolean;
  /** Metrics of the whole validation picture. */
  psnr?: number;
  ssim?: number;
  lpips?: LpipsValues;
}

/** A pinned step: it stays visible whatever the slider shows. */
export interface Pin {
  run: string;
  step: number;
}

/** All steps at which any of the runs was validated, in order. */
export const allSteps = (crop: SharedCrop): number[] =>
  [...new Set(crop.runs.flatMap(({ steps }) => steps.map(({ step }) => step)))].sort((a, b) => a - b);

/**
 * The tiles of a picture: input, each run at the chosen step, pinned steps, target. A run without a validation at that
 * step is shown at its last one before it.
 * @param step undefined for each run's best
 */
export function columnsOf(
  crop: SharedCrop,
  runs: readonly Run[],
  step: number | undefined,
  pins: readonly Pin[],
): Column[] {
  const restored = crop.runs.flatMap((of) => {
    const run = runs.find(({ id }) => id === of.run);
    if (!run) return [];
    const wanted = step ?? run.best?.step ?? Infinity;
    const at = of.steps.filter((candidate) => candidate.step <= wanted).at(-1) ?? of.steps[0];
    const pinned = pins
      .filter((pin) => pin.run === run.id)
      .flatMap((pin) => of.steps.filter((candidate) => candidate.step === pin.step));
    return [...(at ? [at] : []), ...pinned]
      .filter((shown, index, all) => all.indexOf(shown) === index)
      .map((shown) => ({
        key: `${run.id} ${shown.step}`,
        picture: shown.restored,
        run,
        step: shown.step,
        best: run.best?.step === shown.step,
        psnr: shown.psnr,
        ssim: shown.ssim,
        ...(shown.lpips && { lpips: shown.lpips }),
      }));
  });
  return [
    { key: 'input', picture: crop.runs[0]?.input ?? crop.target },
    ...restored,
    { key: 'target', picture: crop.target },
  ];
}
