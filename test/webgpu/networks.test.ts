import { afterAll, describe, expect, it } from 'vitest';
import { networks } from '../../src/core/networks/index.ts';
import { TileProcess } from '../../src/services/restoring/tileProcess.ts';
import { temporaryFolder } from '../photographs.ts';
import { swiftShader } from '../swiftShader.ts';
import { tinyNetworks } from '../tinyNetworks.ts';
import { differenceOf } from './compareNetwork.ts';

/** `npm run test:webgpu`: every network, as small as it goes, on WebGPU and on the processor. Minutes with SwiftShader. */

const vulkan = swiftShader();
const folder = temporaryFolder();
const devices = [
  new TileProcess('webgpu', { env: { ...vulkan, MCIR_TENSORFLOW: 'off' } }),
  new TileProcess('cpu', { env: { MCIR_TENSORFLOW: 'off' } }),
] as const;
afterAll(() => Promise.all(devices.map((device) => device.end())));

describe.skipIf(vulkan === undefined)('on WebGPU (SwiftShader)', () => {
  it.each(networks.map(({ id }) => id))('%s gives the picture of the processor', async (id) => {
    const side = id === 'idt' ? 64 : 32;
    expect(await differenceOf(devices, folder, id, tinyNetworks[id] ?? {}, side)).toBeLessThan(1e-4);
  });
});
