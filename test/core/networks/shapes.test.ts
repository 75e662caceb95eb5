import { describe, expect, it } from 'vitest';
import { countParts, ratioOf } from '../../../src/core/networks/shapes.ts';

describe('countParts', () => {
  const shapes = new Map([
    ['body.0.weight', [1]],
    ['body.0.bias', [1]],
    ['body.1.weight', [1]],
    ['body.weight', [1]],
    ['bodyguard.7.weight', [1]],
  ]);

  it('counts numbers, not names', () => expect(countParts(shapes, 'body.')).toBe(2));

  it('is not led astray by a huge number', () =>
    expect(countParts(new Map([['body.4000000000.weight', [1]]]), 'body.')).toBe(1));
});

describe('ratioOf', () => {
  it('gives the whole again, whatever floating point does', () => {
    for (let base = 1; base <= 128; base++) {
      for (let whole = 0; whole <= 4 * base; whole++) expect(Math.floor(base * ratioOf(whole, base))).toBe(whole);
    }
  });

  it('is a plain fraction where that is enough', () => expect(ratioOf(3, 4)).toBe(0.75));
});
