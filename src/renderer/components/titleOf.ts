import type { ModelEntry } from '../../shared/contract/models.ts';

/** The title of a model. That of a model pack is translated; what people have named themselves is not. */
export const titleOf = ({ title, run }: Pick<ModelEntry, 'title' | 'run'>, told: (text: string) => string): string =>
  run === undefined ? told(title) : title;
