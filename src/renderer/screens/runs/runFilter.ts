import type { Run } from '../../../shared/contract/training.ts';

export const columns = ['name', 'state', 'network', 'negatives', 'step', 'psnr', 'gain', 'ssim', 'created'] as const;
export type Column = (typeof columns)[number];
export interface Sort {
  column: Column;
  down: boolean;
}

/** A filter for runs; an empty one matches all. */
export interface Filter {
  text: string;
  state: string | null;
  network: string | null;
  mcir: 'with' | 'without' | null;
  tag: string | null;
}

export const noFilter: Filter = { text: '', state: null, network: null, mcir: null, tag: null };

/** Gain of the best validation over the one before the first step, in dB. */
export const gainOf = ({ best, psnrBefore }: Run): number | undefined =>
  best && psnrBefore !== undefined ? best.psnr - psnrBefore : undefined;

const valueOf = (run: Run, column: Column): string | number => {
  if (column === 'psnr' || column === 'ssim') return run.best?.[column] ?? -Infinity;
  return column === 'gain' ? (gainOf(run) ?? -Infinity) : run[column];
};

/** The matching runs, sorted; of equal ones, the newer first. */
export function pick(runs: readonly Run[], { text, state, network, mcir, tag }: Filter, { column, down }: Sort): Run[] {
  const wanted = text.trim().toLowerCase();
  return runs
    .filter(
      (run) =>
        (state === null || run.state === state) &&
        (network === null || run.network === network) &&
        (mcir === null || run.negatives > 0 === (mcir === 'with')) &&
        (tag === null || run.tags.includes(tag)) &&
        (wanted === '' ||
          [run.id, run.name, run.network, run.note, ...run.tags].some((field) => field.toLowerCase().includes(wanted))),
    )
    .sort((a, b) => {
      const [x, y] = [valueOf(a, column), valueOf(b, column)];
      const order = compare(x, y);
      return (down ? -order : order) || b.created - a.created;
    });
}

/** Two values of one column: texts by the language's order, numbers by size. */
function compare(x: string | number, y: string | number): number {
  if (typeof x === 'string') return x.localeCompare(String(y));
  // Two infinite values are equal; their difference is not a number.
  return x === y ? 0 : x - Number(y);
}
