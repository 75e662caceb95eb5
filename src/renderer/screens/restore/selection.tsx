import { createContext, useContext, useEffect, useMemo, useReducer, type ReactNode } from 'react';
import { z } from 'zod';
import type { Place } from '../../../shared/contract/common.ts';
import type { Source } from '../../../shared/contract/restoring.ts';
import { exportSettings, type ExportSettings } from '../../../shared/batches.ts';
import type { Result } from '../../components/PictureLayer.tsx';
import { layouts, type Layout } from '../../components/CompareStage.tsx';
import { keptPictures, useKeptPictures } from './keptPictures.ts';
import { recipe, type Recipe } from './recipe.ts';

/** What a photographer has laid out: kept while other screens are open. */
export interface Selection {
  pictures: Source[];
  /** Id of the picture the arrows move. */
  current: string | undefined;
  /** Pictures marked to be exported alone; none means all. */
  marked: ReadonlySet<string>;
  /** What is exported. */
  recipe: Recipe;
  /** A grey picture that says where the effect shows. */
  mask: Place | undefined;
  /** Other recipes to compare it with. */
  rivals: readonly Recipe[];
  /** Which is shown alone: 0 is the recipe, then the rivals. */
  active: number;
  /** Of the whole effect; 1 is all of it. */
  strength: number;
  /** How before and after are compared. */
  layout: Layout;
  loupe: boolean;
  /** Previews are made without being asked for, when picture, models or settings change. */
  automatic: boolean;
  /** What was previewed, by `previewKey`. */
  previews: ReadonlyMap<string, Preview>;
  out: Place | undefined;
  options: ExportSettings;
  /** The batch that the grid shows the states of. */
  batch: string | undefined;
}

/** A preview and how long it took. */
export interface Preview extends Result {
  seconds: number;
  /** How far its models had been trained; undefined where one had not begun. */
  trainedTo: string | undefined;
}

/** What is kept in the browser from one visit to the next; the rest belongs to the pictures at hand. */
const remembered = z.object({
  recipe,
  strength: z.number().min(0).max(1),
  layout: z.enum(layouts),
  options: exportSettings,
  automatic: z.boolean().default(true),
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
  out: undefined,
  options: exportSettings.parse({}),
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
  const { recipe: chosen, strength, layout, options, automatic } = selection;
  useEffect(
    () => localStorage.setItem(storageKey, JSON.stringify({ recipe: chosen, strength, layout, options, automatic })),
    [chosen, strength, layout, options, automatic],
  );
  useKeptPictures(selection, change);
  const value = useMemo(() => ({ selection, change }), [selection]);
  return <SelectionContext value={value}>{children}</SelectionContext>;
}

export const useSelection = () => useContext(SelectionContext);

/** What an earlier visit left; nothing where another version of the program left something else. */
function recall(): Partial<Selection> {
  try {
    return remembered.parse(JSON.parse(localStorage.getItem(storageKey) ?? ''));
  } catch {
    return {};
  }
}

/** Chooses one model, as other screens offer it. */
export const usingModel =
  (model: string) =>
  (now: Selection): Partial<Selection> => ({ recipe: { ...now.recipe, models: [model] }, active: 0 });

/** Adds pictures, in their order; those that are there already are taken into it. */
export const added =
  (found: Source[]) =>
  (now: Selection): Partial<Selection> => {
    const ids = new Set(found.map(({ id }) => id));
    const first = now.pictures.findIndex(({ id }) => ids.has(id));
    const others = now.pictures.filter(({ id }) => !ids.has(id));
    return { pictures: others.toSpliced(first < 0 ? others.length : first, 0, ...found) };
  };

/** Marks a picture, or takes the mark away. */
export const markToggled =
  (id: string) =>
  (now: Selection): Partial<Selection> => {
    const marked = new Set(now.marked);
    if (!marked.delete(id)) marked.add(id);
    return { marked };
  };

/** Marks every picture, or none where all are. */
export const allToggled = (now: Selection): Partial<Selection> => ({
  marked: now.marked.size === now.pictures.length ? new Set() : new Set(now.pictures.map(({ id }) => id)),
});

/** Takes the marked pictures, or all, off the table; files stay where they are. */
export const cleared = (now: Selection): Partial<Selection> => ({
  pictures: now.marked.size > 0 ? now.pictures.filter((picture) => !now.marked.has(picture.id)) : [],
  marked: new Set(),
  current: undefined,
});

/** What is exported: the marked pictures, or all. */
export const chosenPictures = ({ pictures, marked }: Selection): Source[] =>
  marked.size > 0 ? pictures.filter(({ id }) => marked.has(id)) : pictures;
