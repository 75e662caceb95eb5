import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FuseV1Options } from '@electron/fuses';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const { electronFuses } = parse(
  readFileSync(fileURLToPath(new URL('../../electron-builder.yml', import.meta.url)), 'utf8'),
) as { electronFuses: Record<string, boolean> };

test('every fuse that there is has been decided, so that one of a later Electron is noticed', () => {
  const known = Object.keys(FuseV1Options).filter((name) => Number.isNaN(Number(name)));
  expect(Object.keys(electronFuses).sort()).toEqual(
    known.map((name) => name.charAt(0).toLowerCase() + name.slice(1)).sort(),
  );
});

test('Electron runs as nothing but this program', () => {
  expect(electronFuses).toMatchObject({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    grantFileProtocolExtraPrivileges: false,
  });
});
