import { beforeAll, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { VggFeatures, type VggOptions } from '../../../src/core/losses/vgg.ts';
import { randomStream } from '../../../src/core/random.ts';
import { Trainer } from '../../../src/core/training/trainer.ts';
import { runConfig } from '../../../src/shared/runConfig.ts';
import { tinyNetworks } from '../../tinyNetworks.ts';

beforeAll(() => void openEngine());

/** Share of the negative term's gradient over the parameters in the first step, in one layer of the stand-in. */
function share(gains: VggOptions['gains']): number {
  const [size, count] = [16, 2];
  const random = randomStream('share');
  const noise = (): Float32Array => Float32Array.from({ length: count * size ** 2 * 3 }, () => random.uniform());
  const config = runConfig.parse({
    network: { type: 'nafnet', options: tinyNetworks['nafnet'] },
    data: { train: { target: '-' }, batch: count },
    compile: false,
    mcir: { negatives: [{}] },
    features: { layers: { relu1_2: 1 } },
  });
  const trainer = new Trainer(config, { gains });
  const { measures } = trainer.train({ lq: noise(), gt: noise(), count, lqSize: size, gtSize: size, names: [] });
  trainer.dispose();
  return measures['neg_share'] ?? Number.NaN;
}

it('a stand-in is scaled to the share of the gradient that was measured with the published features', () => {
  // 10.93 % without the factor, 8.46 % with the published VGG16; the share is linear in it.
  expect(share('share') / share('none')).toBeCloseTo(8.46 / 10.93, 3);
});

it('says how it is scaled: runs of before version 0.2 are known by it, and keep their scale', () => {
  const sources = (['share', 'none'] as const).map((gains) => {
    const network = new VggFeatures('vgg16', ['relu1_1'], { gains });
    network.dispose();
    return network.source.includes('scaled to the published share of the gradient');
  });
  expect(sources).toEqual([true, false]);
});
