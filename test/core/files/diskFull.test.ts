import { expect, test } from 'vitest';
import { saysDiskFull } from '../../../src/core/files/diskFull.ts';

test('a full disk is told from a damaged picture, as libvips says both', () => {
  const full = [
    'wbuffer_write: write failed\nsystem error: Unknown error -1',
    'x.webp: write error\nsystem error: No space left on device',
    'heif: Cannot write output data (9.5000)\nsystem error: No space left on device',
  ];
  const damaged = [
    'VipsJpeg: Premature end of input file',
    'gifload: Invalid frame data',
    'pngload: unexpected end of data',
  ];
  expect([full.map(saysDiskFull), damaged.map(saysDiskFull)]).toEqual([
    [true, true, true],
    [false, false, false],
  ]);
});
