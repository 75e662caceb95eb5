import type { Remedy } from '../../../shared/contract/models.ts';
import { faults, type Fault } from '../../../shared/faults.ts';

/** The part of a selection about faults and remedies. */
export interface Treatment {
  /** Ids of models in order of use. */
  models: readonly string[];
  /** Faults whose model is not on this computer yet. */
  wanted: readonly Fault[];
}

/** Which remedy was picked for a fault, by its id. */
export type Picked = Readonly<Partial<Record<Fault, string>>>;

/** Sets of faults that often come together. */
export const readyPresets = [
  { id: 'oldScan', faults: ['noise', 'faded'] },
  { id: 'clearHaze', faults: ['haze'] },
  { id: 'cleanNoise', faults: ['noise'] },
  { id: 'enlargeTwice', faults: ['small'] },
] as const satisfies readonly { id: string; faults: readonly Fault[] }[];

const isInUse = ({ model }: Remedy, models: readonly string[]): boolean =>
  model !== undefined && models.includes(model);

export const remediesFor = (list: readonly Remedy[], fault: Fault): Remedy[] =>
  list.filter((remedy) => remedy.fault === fault);

/**
 * The remedy for a fault: the one in use, else the picked one, one of the program's, one on this computer, or the
 * first.
 */
export function chosenRemedy(
  list: readonly Remedy[],
  fault: Fault,
  models: readonly string[],
  picked: Picked,
): Remedy | undefined {
  const candidates = remediesFor(list, fault);
  return (
    candidates.find((remedy) => isInUse(remedy, models)) ??
    candidates.find(({ id }) => id === picked[fault]) ??
    candidates.find(({ source }) => source === undefined) ??
    candidates.find(({ model }) => model !== undefined) ??
    candidates[0]
  );
}

export const isTreated = (list: readonly Remedy[], fault: Fault, { models, wanted }: Treatment): boolean =>
  wanted.includes(fault) || remediesFor(list, fault).some((remedy) => isInUse(remedy, models));

/** Faults that are treated, in the order of correction. */
export const treatedFaults = (list: readonly Remedy[], treatment: Treatment): Fault[] =>
  faults.filter((fault) => isTreated(list, fault, treatment));

/** Without the models for a fault. Models that are not remedies stay. */
export function without(list: readonly Remedy[], fault: Fault, { models, wanted }: Treatment): Treatment {
  const ofFault = new Set(remediesFor(list, fault).map(({ model }) => model));
  return { models: models.filter((model) => !ofFault.has(model)), wanted: wanted.filter((other) => other !== fault) };
}

/** With a remedy in the place of others for the same fault; it is wanted where its model is not on this computer. */
export function withRemedy(list: readonly Remedy[], remedy: Remedy, treatment: Treatment): Treatment {
  const { models, wanted } = without(list, remedy.fault, treatment);
  if (remedy.model === undefined) return { models, wanted: [...wanted, remedy.fault] };
  const known = list.map((each) => (each.id === remedy.id ? remedy : each));
  const rank = (model: string): number => {
    const fault = known.find((each) => each.model === model)?.fault;
    return fault === undefined ? -1 : faults.indexOf(fault);
  };
  return { models: [...models, remedy.model].sort((a, b) => rank(a) - rank(b)), wanted };
}

/** Whether a chain contains a model that is not a remedy. */
export const hasExpertModels = (list: readonly Remedy[], models: readonly string[]): boolean =>
  models.some((model) => !list.some((remedy) => remedy.model === model));
