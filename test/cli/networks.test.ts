import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { networks } from '../../src/core/networks/index.ts';
import { mcir, mcirJson } from './program.ts';

describe('mcir networks', () => {
  const home = mkdtempSync(join(tmpdir(), 'mcir-networks-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('lists every network with task, paper, size and supported inputs', async () => {
    const { stdout } = await mcir(home, 'networks');
    for (const { id, title, paper, inputSizes } of networks)
      for (const text of [`${id}: ${title}.`, paper, inputSizes]) expect(stdout).toContain(text);
    expect(stdout).toMatch(/dehazeformer:.*\n {2}for +dehazing.*\n.*\n {2}size +0\.69 to 25\.5 million/);
  });

  it('shows one with its published sizes and options', async () => {
    const { stdout } = await mcir(home, 'networks', 'IMDN');
    expect(stdout).toMatch(/IMDN x4 +715176 +x4/);
    expect(stdout).toMatch(/imdn-x4-retrain-small\.yml {2}IMDN x4, retrained/);
    expect(stdout).toMatch(/nf = 64 {2}Channels/);
    expect(await mcirJson(home, 'networks', 'imdn')).toMatchObject({
      network: { id: 'imdn', published: [{ title: 'IMDN x2', parameters: 694_404, scale: 2 }, {}, {}, {}] },
    });
  });

  it('lists the available networks if a name is unknown', async () => {
    const { code, stderr } = await mcir(home, 'networks', 'imdb');
    expect(code).toBe(2);
    expect(stderr).toMatch(/no network called "imdb". Choose one of: ffanet, /);
  });
});
