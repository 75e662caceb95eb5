import { expect, test } from 'vitest';
import { commonFolder } from '../../../src/services/restoring/restorePlaces.ts';

test.skipIf(process.platform === 'win32')('the innermost folder that all are in', () => {
  expect(commonFolder(['/a/b'])).toBe('/a/b');
  expect(commonFolder(['/a/b/c', '/a/b', '/a/b/d/e'])).toBe('/a/b');
  expect(commonFolder(['/a/b', '/a/bc'])).toBe('/a');
  expect(commonFolder(['/a', '/b'])).toBe('/');
});
