import { createContext, useContext, useEffect, useMemo, useReducer, type ReactNode } from 'react';
import { z } from 'zod';
import type { Place } from '../../../shared/contract/common.ts';
import type { Source } from '../../../shared/contract/restoring.ts';
import type { BackendId } from '../../../shared/devices.ts';
import { fault, type Fault } from '../../../shared/faults.ts';
import { exportSettings, type ExportSettings } from '../../../shared/batches.ts';
import type { Result } from '../../components/PictureLayer.tsx';
import type { Size } from '../../components/useZoom.ts';
import { layouts, type Layout } from '../../components/CompareStage.tsx';
import { keptPictures, useKeptPictures } from './keptPictures.ts';
import { recipe, type Recipe } from './recipe.ts';
import type { Picked } from './treatment.ts';

/** The state of the Restore screen, kept while other screens are open. */
export interface Selection {
  pictures: Source[];
  /** Id of the current picture, which the arrow keys move. */
  current: string | undefined;
  /** Selected pictures; if there are none, all are exported. */
  marked: ReadonlySet<string>;
  /** What is exported. */
  recipe: Recipe;
  /** A grey picture that says where the effect applies. */
  mask: Place | undefined;
  /** Other recipes to compare with. */
  rivals: readonly Recipe[];
  /** Which one is shown alone: 0 is the recipe itself, then the rivals. */
  active: number;
  /** Strength of the effect from 0 to 1. */
  strength: number;
  /** Layout of the before/after comparison. */
  layout: Layout;
  loupe: boolean;
  /** Previews start automatically when picture, models or settings change. */
  automatic: boolean;
  /** Finished previews, by `previewKey`. */
  previews: ReadonlyMap<string, Preview>;
  /** Faults whose model has yet to be downloaded. */
  wanted: readonly Fault[];
  /** The remedies that were picked instead of the defaults. */
  picked: Picked;
  /** Results beside the originals, or in the folder. */
  where: 'beside' | 'folder';
  out: Place | undefined;
  options: ExportSettings;
  /** The batch whose file states the grid shows. */
  batch: string | undefined;
}

/** A preview and how long it took. */
export interface Preview extends Result {
  seconds: number;
  /** What its models were computed on. */
  backends: readonly BackendId[];
  /** Size of the reduced picture that was restored; missing for true pixels. */
  reduced?: Size | undefined;
  /** How far its models had been trained; undefined if one had not learnt anything yet. */
  trainedTo: string | undefined;
}

/** The part that the browser keeps between visits. The rest belongs to the current pictures. */
const remembered = z.object({
  recipe,
  strength: z.number().min(0).max(1),
  layout: z.enum(layouts),
  options: exportSettings,
  automatic: z.boolean().default(true),
  picked: z.partialRecord(fault, z.string()).default({}),
  where: z.enum(['beside', 'folder']).default('beside'),
});
const storageKey = 'mcir.restore';

const empty: Selection = {
  pictures: [],
  current: undefined,
  marked: new Set(),
  recipe: { models: [], ensemble: false, luminance: false },
  mask: undefined,
  rivals: [],
  active: 0,
  strength: 1,
  layout: 'slider',
  loupe: false,
  automatic: true,
  previews: new Map(),
  wanted: [],
  picked: {},
  where: 'beside',
  out: undefined,
  // Beside its original a result needs a name of its own.
  options: exportSettings.parse({ template: '{name}-restored' }),
  batch: undefined,
};

export type Change = Partial<Selection> | ((now: Selection) => Partial<Selection>);
const SelectionContext = createContext<{ selection: Selection; change: (change: Change) => void }>({
  selection: empty,
  change: () => undefined,
});

export function SelectionProvider({ children }: { children: ReactNode }) {
  const [selection, change] = useReducer(
    (now: Selection, next: Change): Selection => ({ ...now, ...(typeof next === 'function' ? next(now) : next) }),
    undefined,
    () => ({ ...empty, ...recall(), ...keptPictures() }),
  );
  const { recipe: chosen, strength, layout, options, automatic, picked, where } = selection;
  useEffect(
    () =>
      localStorage.setItem(
        storageKey,
        JSON.stringify({ recipe: chosen, strength, layout, options, automatic, picked, where }),
      ),
    [chosen, strength, layout, options, automatic, picked, where],
  );
  useKeptPictures(selection, change);
  const value = useMemo(() => ({ selection, change }), [selection]);
  return <SelectionContext value={value}>{children}</SelectionContext>;
}

export const useSelection = () => useContext(SelectionContext);

/** The choices of the last visit; none if another version of the program saved something different. */
function recall(): Partial<Selection> {
  try {
    return remembered.parse(JSON.parse(localStorage.getItem(storageKey) ?? ''));
  } catch {
    return {};
  }
}

/** Chooses a single model, as other screens offer it. */
export const usingModel =
  (model: string) =>
  (now: Selection): Partial<Selection> => ({ recipe: { ...now.recipe, models: [model] }, wanted: [], active: 0 });

/** Adds pictures in their order; known ones are kept once. */
export const added =
  (found: Source[]) =>
  (now: Selection): Partial<Selection> => {
    const ids = new Set(found.map(({ id }) => id));
    const first = now.pictures.findIndex(({ id }) => ids.has(id));
    const others = now.pictures.filter(({ id }) => !ids.has(id));
    return { pictures: others.toSpliced(first < 0 ? others.length : first, 0, ...found) };
  };

/** Selects a picture, or deselects it. */
export const markToggled =
  (id: string) =>
  (now: Selection): Partial<Selection> => {
    const marked = new Set(now.marked);
    if (!marked.delete(id)) marked.add(id);
    return { marked };
  };

/** Selects all pictures. */
export const allMarked = (now: Selection): Partial<Selection> => ({
  marked: new Set(now.pictures.map(({ id }) => id)),
});

/** Selects all pictures, or none if all are selected. */
export const allToggled = (now: Selection): Partial<Selection> => ({
  marked: now.marked.size === now.pictures.length ? new Set() : new Set(now.pictures.map(({ id }) => id)),
});

/** Removes the selected pictures, or all, from the list. Files stay where they are. */
export const cleared = (now: Selection): Partial<Selection> => ({
  pictures: now.marked.size > 0 ? now.pictures.filter((picture) => !now.marked.has(picture.id)) : [],
  marked: new Set(),
  current: undefined,
});

/** The pictures to export: the selected ones, or all. */
export const chosenPictures = ({ pictures, marked }: Selection): Source[] =>
  marked.size > 0 ? pictures.filter(({ id }) => marked.has(id)) : pictures;
