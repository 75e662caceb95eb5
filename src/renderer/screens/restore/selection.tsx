import { createContext, useContext, useMemo, useReducer, type ReactNode } from 'react';
import type { Place } from '../../../shared/contract/common.ts';
import type { Source } from '../../../shared/contract/restore.ts';
import type { ExportSettings } from '../../../shared/restore.ts';
import type { Layout } from '../../components/CompareStage.tsx';

/** What a photographer has laid out: kept while other screens are open. */
export interface Selection {
  pictures: Source[];
  /** Id of the picture the arrows move. */
  current: string | undefined;
  /** Pictures marked to be exported alone; none means all. */
  marked: ReadonlySet<string>;
  model: string | undefined;
  /** How before and after are compared. */
  layout: Layout;
  strength: number;
  out: Place | undefined;
  options: ExportSettings;
  /** The batch made of these pictures last. */
  batch: string | undefined;
}

const empty: Selection = {
  pictures: [],
  current: undefined,
  marked: new Set(),
  model: undefined,
  layout: 'slider',
  strength: 1,
  out: undefined,
  options: { format: 'same', quality: 92, template: '{name}', conflict: 'unique', strip: 'none', provenance: true },
  batch: undefined,
};

type Change = Partial<Selection> | ((now: Selection) => Partial<Selection>);
const SelectionContext = createContext<{ selection: Selection; change: (change: Change) => void }>({ selection: empty, change: () => undefined });

export function SelectionProvider({ children }: { children: ReactNode }) {
  const [selection, change] = useReducer((now: Selection, next: Change): Selection => ({ ...now, ...(typeof next === 'function' ? next(now) : next) }), empty);
  const value = useMemo(() => ({ selection, change }), [selection]);
  return <SelectionContext value={value}>{children}</SelectionContext>;
}

export const useSelection = () => useContext(SelectionContext);

/** Adds pictures that are not there yet. */
export const added = (found: Source[]) => (now: Selection): Partial<Selection> => {
  const known = new Set(now.pictures.map((picture) => picture.id));
  return { pictures: [...now.pictures, ...found.filter((picture) => !known.has(picture.id))] };
};

/** Marks a picture, or takes the mark away. */
export const markToggled = (id: string) => (now: Selection): Partial<Selection> => {
  const marked = new Set(now.marked);
  if (!marked.delete(id)) marked.add(id);
  return { marked };
};

/** Takes the marked pictures, or all, off the table; files stay where they are. */
export const cleared = (now: Selection): Partial<Selection> => ({
  pictures: now.marked.size > 0 ? now.pictures.filter((picture) => !now.marked.has(picture.id)) : [],
  marked: new Set(),
  current: undefined,
});
