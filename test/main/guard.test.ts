import { expect, test } from 'vitest';
import { isOwnFrame, isOwnUrl } from '../../src/main/guard.ts';

test('only the top frame of our own page may call', () => {
  expect(isOwnFrame({ url: 'mcir://studio/#/runs', parent: null })).toBe(true);
  expect(isOwnFrame({ url: 'mcir://studio/', parent: {} })).toBe(false);
  expect(isOwnFrame({ url: 'https://evil.example/', parent: null })).toBe(false);
  expect(isOwnFrame(null)).toBe(false);
});

test('addresses that only begin like ours are foreign', () => {
  expect(isOwnUrl('mcir://studio')).toBe(true);
  for (const url of ['mcir://studio.evil/', 'mcir://studio@evil/', 'mcir:studio', 'file:///etc/passwd', 'about:blank']) expect(isOwnUrl(url)).toBe(false);
});
