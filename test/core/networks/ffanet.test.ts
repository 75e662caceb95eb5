import { describe, expect, it } from 'vitest';
import { createModel } from '../../../src/core/networks/index.ts';
import { describeWithShared } from '../../shared.ts';
import { detected, shapesOf, testPublished } from './helpers.ts';

describeWithShared('published FFA-Net', 'parity/ffanet', () => {
  testPublished('ffanet', { 'ffanet-3x19': 'FFA-Net' });
});

describe('FFA-Net', () => {
  it('finds its options from names and shapes', () => {
    const model = createModel('ffanet', { blocks: 2 });
    expect(detected(shapesOf(model.parameters))).toEqual([{ id: 'ffanet', options: model.options }]);
  });

  it('does not take for its own a file with more blocks than it allows', () => {
    const shapes = new Map(shapesOf(createModel('ffanet', { blocks: 1 }).parameters));
    shapes.set('g1.gp.99999.weight', [64, 64, 3, 3]);
    expect(detected(shapes)).toEqual([]);
  });
});
