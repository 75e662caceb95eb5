import { describe, expect, it } from 'vitest';
import { createModel, findNetwork } from '../../../src/core/networks/index.ts';
import { describeWithShared } from '../../shared.ts';
import { detected, shapesOf, testPublished } from './helpers.ts';

describeWithShared('published EDSR', 'parity/edsr', () => {
  testPublished('edsr', { 'edsr-light-x2': 'EDSR-M x2', 'edsr-light-x3': 'EDSR-M x3', 'edsr-light-x4': 'EDSR-M x4' });
});

describe('EDSR', () => {
  it.each(Object.entries(findNetwork('edsr').published))(
    'finds the options of %s from names and shapes',
    (_, options) => {
      expect(detected(shapesOf(createModel('edsr', options).parameters))).toEqual([{ id: 'edsr', options }]);
    },
  );
});
