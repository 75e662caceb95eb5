import type { ModelEntry, Remedy } from '../../../shared/contract/models.ts';
import type { Fault } from '../../../shared/faults.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { useSelection } from './selection.tsx';
import {
  chosenRemedy,
  isTreated,
  treatedFaults,
  type Treatment,
  type Picked,
  without,
  withRemedy,
} from './treatment.ts';

export interface UsedTreatment {
  remedies: readonly Remedy[];
  /** Each treated fault with its remedy. */
  treated: readonly { fault: Fault; remedy: Remedy }[];
  readonly isTreated: (fault: Fault) => boolean;
  /** Treats a fault with its remedy, or no longer. */
  toggle: (fault: Fault) => void;
  /** Treats these faults and nothing else. */
  treatOnly: (faults: readonly Fault[]) => void;
  /** Picks another remedy for its fault. */
  pick: (remedy: Remedy) => void;
  /** Downloads a remedy. It is used when it has come, unless its fault is no longer treated. */
  fetch: (remedy: Remedy) => void;
  cancel: (remedy: Remedy) => void;
}

/** What is done about the faults of the pictures. */
export function useTreatment(): UsedTreatment {
  const { selection, change } = useSelection();
  const remedies = useCall('remedies.list', {}).data ?? [];
  const get = useAction('packs.fetch', ['remedies.list', 'packs.list', 'models.list']);
  const stop = useAction('packs.cancel');
  const { recipe, wanted, picked } = selection;
  const treatment: Treatment = { models: recipe.models, wanted };
  const apply = (next: Treatment, choice: Picked = picked): void =>
    change((now) => ({
      recipe: { ...now.recipe, models: [...next.models] },
      wanted: next.wanted,
      picked: choice,
      active: 0,
    }));

  const arrive = (remedy: Remedy) => ({
    onSuccess: ({ id }: ModelEntry): void =>
      change((now) => {
        if (!now.wanted.includes(remedy.fault)) return {};
        const known = { ...remedy, model: id };
        const next = withRemedy(remedies, known, { models: now.recipe.models, wanted: now.wanted });
        return { recipe: { ...now.recipe, models: [...next.models] }, wanted: next.wanted };
      }),
  });
  const fetch = (remedy: Remedy): void => get.mutate({ pack: remedy.id }, arrive(remedy));
  const remedyOf = (fault: Fault, models = treatment.models): Remedy | undefined =>
    chosenRemedy(remedies, fault, models, picked);

  return {
    remedies,
    treated: treatedFaults(remedies, treatment).flatMap((fault) => {
      const remedy = remedyOf(fault);
      return remedy ? [{ fault, remedy }] : [];
    }),
    isTreated: (fault) => isTreated(remedies, fault, treatment),
    toggle: (fault) => {
      if (isTreated(remedies, fault, treatment)) return apply(without(remedies, fault, treatment));
      const remedy = remedyOf(fault);
      if (!remedy) return;
      apply(withRemedy(remedies, remedy, treatment));
    },
    treatOnly: (wishes) => {
      const chosen = wishes.flatMap((fault) => remedyOf(fault, []) ?? []);
      apply(chosen.reduce((sum: Treatment, remedy) => withRemedy(remedies, remedy, sum), { models: [], wanted: [] }));
    },
    pick: (remedy) => apply(withRemedy(remedies, remedy, treatment), { ...picked, [remedy.fault]: remedy.id }),
    fetch,
    cancel: (remedy) => stop.mutate({ pack: remedy.id }),
  };
}
