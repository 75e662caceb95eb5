import { AppError } from '../../shared/errors.ts';
import { type Listing, stemOf } from './files.ts';

/**
 * How the file names of a degraded picture and its clean picture are related. Both expressions are applied to the name
 * without its extension; two names match if the captured parts are equal.
 */
export interface NamingRule {
  /** Title for the user. */
  title: string;
  input: RegExp;
  target: RegExp;
  /** Several degraded pictures can share a clean one. */
  manyInputs?: boolean;
  /** The clean name is any beginning of the degraded one that ends before `_`; the longest that is there counts. */
  beginnings?: boolean;
}

const sameNames: NamingRule = { title: 'the same names', input: /^(.*)$/, target: /^(.*)$/ };

/** The naming conventions of common data sets, the strictest first. */
export const namingRules: readonly NamingRule[] = [
  sameNames,
  { title: 'rain-N and norain-N (Rain100)', input: /^rain[-_](.+)$/i, target: /^norain[-_](.+)$/i },
  { title: 'NOISY and GT in the names (SIDD)', input: /^(.*)NOISY(.*)$/, target: /^(.*)GT(.*)$/ },
  { title: 'N_rain and N_clean (Raindrop)', input: /^(.+)_rain$/i, target: /^(.+)_clean$/i },
  {
    title: 'N_hazy and N_GT (O-HAZE, I-HAZE, NH-HAZE, Dense-Haze)',
    input: /^(.+)[-_]hazy$/i,
    target: /^(.+)[-_]GT$/i,
  },
  { title: 'blur_N and gt_N (RealBlur)', input: /^blur(?:ry)?[-_](.+)$/i, target: /^(?:gt|sharp)[-_](.+)$/i },
  { title: 'lowN and normalN (LOL v2)', input: /^low[-_]?(\d.*)$/i, target: /^normal[-_]?(\d.*)$/i },
  { title: 'N_LR4 and N_HR (RealSR)', input: /^(.+)_LR\d?$/i, target: /^(.+)_HR$/i },
  {
    title: 'the clean name followed by x2, x3, x4 or x8 (DIV2K)',
    input: /^(.+?)[-_]?x[2348][a-z]?$/i,
    target: /^(.*)$/,
  },
  {
    title: 'the clean name before the first _ (RESIDE, DDN)',
    input: /^([^_]+)_.*$/,
    target: /^(.*)$/,
    manyInputs: true,
  },
  {
    title: 'the clean name before a later _ (Outdoor-Rain, HazeSpace2M)',
    input: /^(.+)_.*$/,
    target: /^(.*)$/,
    manyInputs: true,
    beginnings: true,
  },
];

/** Matching pictures, as relative paths in the two listings. */
export interface Pairing {
  rule: NamingRule;
  pairs: { input: string; target: string }[];
  unmatchedInputs: string[];
  unmatchedTargets: string[];
}

/**
 * Pairs the pictures of two folders by the rule that gives most pairs: first within subfolders of the same name, and if
 * that gives no pairs, regardless of subfolders.
 * @throws AppError `bad-input` if nothing can be paired, `conflict` if a picture has more than one match.
 */
export function pairNames(inputs: Listing, targets: Listing): Pairing {
  for (const ignoreFolders of [false, true]) {
    const attempts = namingRules.map((rule) => pairUnder(rule, inputs.pictures, targets.pictures, ignoreFolders));
    const best = attempts.reduce((a, b) => (b.pairing.pairs.length > a.pairing.pairs.length ? b : a));
    if (best.pairing.pairs.length === 0) continue;
    if (best.conflict) throw new AppError('conflict', best.conflict);
    refuseDisagreement(
      best.pairing,
      attempts.map(({ pairing }) => pairing),
    );
    return best.pairing;
  }
  throw new AppError(
    'bad-input',
    `No picture in ${inputs.folder} matches a picture in ${targets.folder}. Give matching pictures the same name, or follow a convention from \`mcir data check --help\`. ` +
      `The first names are ${inputs.pictures[0] ?? 'none'} and ${targets.pictures[0] ?? 'none'}.`,
  );
}

/** Separates the two sides of a single folder if every picture clearly belongs to one of them (rain-N, norain-N). */
export function splitSides(listing: Listing): { inputs: Listing; targets: Listing } | undefined {
  for (const rule of namingRules) {
    if (rule.target.source === sameNames.target.source) continue;
    const targets = listing.pictures.filter((path) => keyOf(rule.target, path, false) !== undefined);
    const inputs = listing.pictures.filter(
      (path) => keyOf(rule.input, path, false) !== undefined && !targets.includes(path),
    );
    if (targets.length > 0 && inputs.length > 0 && inputs.length + targets.length === listing.pictures.length) {
      return { inputs: { ...listing, pictures: inputs }, targets: { ...listing, pictures: targets } };
    }
  }
  return undefined;
}

function pairUnder(
  rule: NamingRule,
  inputs: readonly string[],
  targets: readonly string[],
  ignoreFolders: boolean,
): { pairing: Pairing; conflict?: string } {
  const conflicts: string[] = [];
  const byKey = new Map<string, string>();
  for (const target of targets) {
    const key = keyOf(rule.target, target, ignoreFolders);
    if (key === undefined) continue;
    const other = byKey.get(key);
    if (other)
      conflicts.push(`Both ${other} and ${target} could be the clean picture of the same input. Remove one of them.`);
    byKey.set(key, target);
  }
  const pairing: Pairing = { rule, pairs: [], unmatchedInputs: [], unmatchedTargets: [] };
  const inputOf = new Map<string, string>();
  for (const input of inputs) {
    const target = keysOf(rule, input, ignoreFolders)
      .map((key) => byKey.get(key))
      .find((found) => found !== undefined);
    if (!target) {
      pairing.unmatchedInputs.push(input);
      continue;
    }
    const other = inputOf.get(target);
    if (other && !rule.manyInputs)
      conflicts.push(`Both ${other} and ${input} could be the degraded picture of ${target}. Remove one of them.`);
    inputOf.set(target, input);
    pairing.pairs.push({ input, target });
  }
  pairing.unmatchedTargets = targets.filter((target) => !inputOf.has(target));
  return { pairing, ...(conflicts[0] ? { conflict: conflicts[0] } : {}) };
}

/**
 * A picture that has the same name as one clean picture but matches another by the chosen rule is ambiguous; this is an
 * error.
 */
function refuseDisagreement(chosen: Pairing, all: readonly Pairing[]): void {
  const size = chosen.pairs.length;
  const rivals = all.filter(
    ({ rule, pairs }) =>
      rule !== chosen.rule &&
      pairs.length > 0 &&
      (rule === sameNames || (chosen.rule !== sameNames && pairs.length === size)),
  );
  const targetOf = new Map(chosen.pairs.map(({ input, target }) => [input, target]));
  for (const rival of rivals) {
    const clash = rival.pairs.find(({ input, target }) => targetOf.has(input) && targetOf.get(input) !== target);
    if (clash) {
      throw new AppError(
        'conflict',
        `${clash.input} could belong to ${targetOf.get(clash.input)} (${chosen.rule.title}) or to ${clash.target} (${rival.rule.title}). Rename the pictures, or use folders that follow only one of these rules.`,
      );
    }
  }
}

/** What a degraded picture's partner may be called under a rule, the best first. */
function keysOf({ input, beginnings }: NamingRule, path: string, ignoreFolders: boolean): string[] {
  const keys: string[] = [];
  let key = keyOf(input, path, ignoreFolders);
  while (key !== undefined) {
    keys.push(key);
    const cut = key.lastIndexOf('_');
    key = beginnings && cut > key.indexOf('\u0000') + 1 ? key.slice(0, cut) : undefined;
  }
  return keys;
}

function keyOf(expression: RegExp, path: string, ignoreFolders: boolean): string | undefined {
  const stem = stemOf(path);
  const cut = stem.lastIndexOf('/') + 1;
  const parts = expression.exec(stem.slice(cut));
  return parts ? [ignoreFolders ? '' : stem.slice(0, cut), ...parts.slice(1)].join('\u0000') : undefined;
}
