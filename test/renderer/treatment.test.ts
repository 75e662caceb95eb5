import { describe, expect, test } from 'vitest';
import {
  chosenRemedy,
  hasExpertModels,
  isTreated,
  type Treatment,
  treatedFaults,
  without,
  withRemedy,
} from '../../src/renderer/screens/restore/treatment.ts';
import type { Remedy } from '../../src/shared/contract/models.ts';
import type { Fault } from '../../src/shared/faults.ts';

const remedy = (id: string, fault: Fault, more: Partial<Remedy> = {}): Remedy => ({
  id,
  fault,
  words: id,
  title: id,
  licence: 'MIT',
  bytes: 1,
  scale: 1,
  source: `${id}@1`,
  ...more,
});

const outdoors = remedy('outdoors', 'haze');
const indoors = remedy('indoors', 'haze', { model: 'm-indoors' });
const denoise = remedy('denoise', 'noise', { model: 'm-denoise' });
const enlarge = remedy('enlarge', 'small', { model: 'm-enlarge' });
const list = [outdoors, indoors, denoise, enlarge];

describe('remedies for the faults of a picture', () => {
  test('the remedy in use comes first, then the picked one, the program’s own, one on this computer, and the first', () => {
    const own: Remedy = remedy('own', 'haze');
    delete own.source;
    expect(chosenRemedy([outdoors], 'haze', [], {})).toBe(outdoors);
    expect(chosenRemedy(list, 'haze', [], {})).toBe(indoors);
    expect(chosenRemedy([outdoors, own, indoors], 'haze', [], {})).toBe(own);
    expect(chosenRemedy([outdoors, own, indoors], 'haze', [], { haze: 'outdoors' })).toBe(outdoors);
    expect(chosenRemedy([outdoors, own, indoors], 'haze', ['m-indoors'], { haze: 'outdoors' })).toBe(indoors);
    expect(chosenRemedy(list, 'rain', [], {})).toBeUndefined();
  });

  test('models are used in the order of the faults, whatever was chosen first; other models stay before them', () => {
    const chosen = [enlarge, indoors, denoise].reduce<Treatment>((sum, next) => withRemedy(list, next, sum), {
      models: ['expert'],
      wanted: [],
    });
    expect(chosen).toEqual({ models: ['expert', 'm-denoise', 'm-indoors', 'm-enlarge'], wanted: [] });
    expect(treatedFaults(list, chosen)).toEqual(['noise', 'haze', 'small']);
    expect(without(list, 'haze', chosen).models).toEqual(['expert', 'm-denoise', 'm-enlarge']);
    expect(hasExpertModels(list, chosen.models)).toBe(true);
    expect(hasExpertModels(list, ['m-denoise'])).toBe(false);
  });

  test('a remedy that is not on this computer is marked as wanted, and replaces another for the same fault', () => {
    const before = withRemedy(list, indoors, { models: [], wanted: [] });
    const asked = withRemedy(list, outdoors, before);
    expect(asked).toEqual({ models: [], wanted: ['haze'] });
    expect(isTreated(list, 'haze', asked)).toBe(true);
    // It has come; the list has yet to be asked for again.
    expect(withRemedy(list, { ...outdoors, model: 'm-outdoors' }, asked)).toEqual({
      models: ['m-outdoors'],
      wanted: [],
    });
    expect(without(list, 'haze', asked)).toEqual({ models: [], wanted: [] });
  });
});
