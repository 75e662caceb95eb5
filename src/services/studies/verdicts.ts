import { bootstrapInterval } from '../../core/statistics/bootstrap.ts';
import { comparePaired, holm, mean, type PairedComparison } from '../../core/statistics/paired.ts';
import { type Decision, decide, inWords } from '../../core/statistics/verdict.ts';
import type { FinalFigures, StudyPlan } from '../../shared/studies.ts';

/** Comparison of an arm with the baseline: mean PSNR of the final pictures, paired by seed. */
export interface ArmVerdict extends Decision {
  arm: string;
  baseline: string;
  comparison: PairedComparison;
  /** p values after Holm's correction over all arms. */
  corrected: { p: number; equivalenceP: number };
  bootstrap: { low: number; high: number };
  words: string;
}

/** Compares every arm with the baseline over their common seeds; arms with fewer than two are left out. */
export function verdictsOf(plan: StudyPlan, figures: readonly FinalFigures[]): ArmVerdict[] {
  const of = (arm: string, seed: number): FinalFigures | undefined =>
    figures.find((one) => one.arm === arm && one.seed === seed);
  const compared = plan.arms.flatMap(({ name: arm }) => {
    if (arm === plan.baseline) return [];
    const rows = plan.seeds.flatMap((seed) => {
      const [own, base] = [of(arm, seed), of(plan.baseline, seed)];
      return own && base ? [own.pictures.map(({ psnr }, i) => psnr - (base.pictures[i]?.psnr ?? Number.NaN))] : [];
    });
    if (rows.length < 2) return [];
    return [{ arm, rows, comparison: comparePaired(rows.map(mean), plan.margin) }];
  });
  const p = holm(compared.map(({ comparison }) => comparison.p));
  const equivalenceP = holm(compared.map(({ comparison }) => comparison.equivalenceP));
  return compared.map(({ arm, rows, comparison }, i) => {
    const corrected = { p: p[i] as number, equivalenceP: equivalenceP[i] as number };
    const decision = decide(comparison, plan.margin, corrected);
    const { baseline, margin } = plan;
    const words = inWords(arm, baseline, comparison, decision, margin);
    return { arm, baseline, comparison, corrected, bootstrap: bootstrapInterval(rows), ...decision, words };
  });
}
