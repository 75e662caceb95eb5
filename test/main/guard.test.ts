import { expect, test } from 'vitest';
import { isOwnFrame, isOwnUrl, mayUse } from '../../src/main/guard.ts';

test('only the top frame of our own page may call', () => {
  expect(isOwnFrame({ url: 'mcir://studio/#/runs', parent: null })).toBe(true);
  expect(isOwnFrame({ url: 'mcir://studio/', parent: {} })).toBe(false);
  expect(isOwnFrame({ url: 'https://evil.example/', parent: null })).toBe(false);
  expect(isOwnFrame(null)).toBe(false);
});

test('addresses that only begin like ours are foreign', () => {
  expect(isOwnUrl('mcir://studio')).toBe(true);
  for (const url of ['mcir://studio.evil/', 'mcir://studio@evil/', 'mcir:studio', 'file:///etc/passwd', 'about:blank'])
    expect(isOwnUrl(url)).toBe(false);
});

test('our page may copy text, and nothing else; other pages not even that', () => {
  expect(mayUse('clipboard-sanitized-write', 'mcir://studio/')).toBe(true);
  expect(mayUse('clipboard-sanitized-write', 'https://evil.example/')).toBe(false);
  for (const permission of [
    'clipboard-read',
    'notifications',
    'media',
    'geolocation',
    'openExternal',
    'fileSystem',
    'fullscreen',
  ])
    expect(mayUse(permission, 'mcir://studio/'), permission).toBe(false);
});
