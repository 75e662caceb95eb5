import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../photographs.ts';

const script = fileURLToPath(new URL('../../scripts/licences.mjs', import.meta.url));
const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

interface Shipped {
  name: string;
  licence: string;
  holds: { name: string; licence: string }[];
}

describe('the licences of what is shipped', () => {
  it('are all known, with those of what is compiled into WebAssembly', () => {
    const { status, stdout, stderr } = run('--json');
    expect([status, stderr]).toEqual([0, '']);
    const shipped = new Map((JSON.parse(stdout) as Shipped[]).map((each) => [each.name, each]));
    for (const name of ['bullmq', 'ioredis', 'geotiff', 'systeminformation'])
      expect(shipped.get(name)?.licence).toBe('MIT');
    const holders = ['libraw-wasm', 'libheif-js', 'wasm-vips', '@cornerstonejs/codec-openjpeg'];
    for (const name of holders) expect(shipped.get(name)?.holds.length, name).toBeGreaterThan(0);
  });

  it('are missed where a package names none, and where nobody has looked into its WebAssembly', () => {
    const lock = join(temporaryFolder(), 'lock.json');
    const packages = {
      '': {},
      'node_modules/none': { version: '1.0.0' },
      'node_modules/other': { version: '1.0.0', license: 'SSPL-1.0' },
      // Another name for the folder of a package with WebAssembly.
      'node_modules/libheif-js/libheif-wasm': { version: '1.0.0', license: 'MIT' },
      'node_modules/development': { version: '1.0.0', dev: true },
    };
    writeFileSync(lock, JSON.stringify({ packages }));
    const { status, stderr } = run(lock);
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('libheif-js/libheif-wasm holds WebAssembly'),
      expect.stringContaining('none has the licence ""'),
      expect.stringContaining('other has the licence "SSPL-1.0"'),
    ]);
  });
});
