import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../../../src/services/app/home.ts';
import { addPack, installPack, type ModelPack, modelPacks } from '../../../src/services/models/modelPacks.ts';
import { resolveModel } from '../../../src/services/models/models.ts';
import { identityGraph } from '../../identityGraph.ts';

const graph = JSON.stringify(identityGraph);

const tarball = gzipSync(
  Buffer.concat([
    ...Object.entries({
      'package/package.json': '{"name":"toy","version":"1.0.0"}',
      'package/LICENSE': 'MIT',
      'package/models/model.json': graph,
    }).map(([name, text]) => tarEntry(name, text)),
    Buffer.alloc(1024),
  ]),
);
const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
const pack: ModelPack = {
  id: 'toy',
  title: 'Toy (small)',
  description: 'Gives back its input.',
  package: 'toy',
  version: '1.0.0',
  integrity,
  bytes: tarball.length,
  licence: 'MIT',
  folder: 'models',
  graph: { range: 1, multipleOf: 8 },
};

let home: Home;
let registry: Server;
let requests: string[];
const before = process.env['npm_config_registry'];

beforeEach(async () => {
  home = openHome(mkdtempSync(join(tmpdir(), 'mcir-packs-')));
  requests = [];
  registry = createServer((request, response) => {
    requests.push(request.url ?? '');
    const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
    if (request.url?.endsWith('.tgz')) response.end(tarball);
    else
      response.end(
        JSON.stringify({
          name: 'toy',
          'dist-tags': { latest: '1.0.0' },
          versions: { '1.0.0': { name: 'toy', version: '1.0.0', dist: { tarball: `${url}/toy.tgz`, integrity } } },
        }),
      );
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  process.env['npm_config_registry'] = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
});
afterEach(() => {
  registry.close();
  if (before === undefined) delete process.env['npm_config_registry'];
  else process.env['npm_config_registry'] = before;
  rmSync(home.root, { recursive: true, force: true });
});

describe('model packs', () => {
  it('are fetched once, kept with their licence, and used offline from then on', async () => {
    const card = await installPack(pack, home);
    expect(card).toMatchObject({
      id: 'toy',
      network: 'graph',
      scale: 1,
      licence: 'MIT',
      source: 'toy@1.0.0',
      graph: { range: 1, multipleOf: 8 },
    });
    expect(readdirSync(join(home.models, 'toy')).sort()).toEqual(['LICENSE', 'model.json']);
    const fetched = requests.length;
    expect(await resolveModel('toy', home)).toMatchObject({
      network: 'graph',
      file: join(home.models, 'toy', 'model.json'),
      graph: pack.graph,
      hash: card.hash,
    });
    expect(await installPack(pack, home)).toEqual(card);
    expect(requests.length).toBe(fetched);
  });

  it('are thrown away where they are not what was published', async () => {
    const other = `sha512-${createHash('sha512').update('other').digest('base64')}`;
    await expect(installPack({ ...pack, integrity: other }, home)).rejects.toThrow(
      /does not match the published package/,
    );
    expect(readdirSync(home.models)).toEqual([]);
  });

  it('take no more than the published package has', async () => {
    const told: number[] = [];
    const onProgress = (bytes: number): void => void told.push(bytes);
    await expect(installPack({ ...pack, bytes: tarball.length - 1 }, home, { onProgress })).rejects.toThrow(
      /does not match the published package/,
    );
    expect(told.every((bytes) => bytes < tarball.length)).toBe(true);
    expect(readdirSync(home.models)).toEqual([]);
  });

  it('say so where they cannot be fetched or do not exist', async () => {
    await expect(installPack({ ...pack, version: '2.0.0' }, home)).rejects.toThrow(/could not be downloaded/);
    await expect(addPack('nothing', home)).rejects.toThrow(
      /no model pack "nothing". Choose one of: maxim-dehazing-indoor/,
    );
  });

  it('are listed with licence and size', () => {
    expect(new Set(modelPacks.map(({ id }) => id)).size).toBe(modelPacks.length);
    for (const { bytes, licence, integrity: expected } of modelPacks) {
      expect(bytes).toBeGreaterThan(1e6);
      expect(licence).toBe('MIT');
      expect(Buffer.from(expected.replace('sha512-', ''), 'base64')).toHaveLength(64);
    }
  });
});

/** A file in a tar archive (POSIX ustar). */
function tarEntry(name: string, text: string): Buffer {
  const header = Buffer.alloc(512);
  const put = (value: string, at: number) => void header.write(value, at, 'latin1');
  put(name, 0);
  put('0000644\0', 100);
  put(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
  put('00000000000\0', 136);
  put('        0', 148);
  put('ustar\0' + '00', 257);
  put(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const content = Buffer.from(text);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
