import { expect, it } from 'vitest';
import { usedFeatureNetworks } from '../../../src/core/training/objective.ts';
import { runConfig } from '../../../src/shared/runConfig.ts';

it.each([
  ['no term that compares features', {}, []],
  ['the negative term', { mcir: {} }, ['vgg16']],
  ['a ratio term alone, whatever the features', { loss: { contrastive: {} } }, ['vgg19']],
  ['both', { mcir: {}, loss: { contrastive: {} } }, ['vgg16', 'vgg19']],
  ['both in the same network', { loss: { positive: {}, contrastive: {} }, features: { network: 'vgg19' } }, ['vgg19']],
])('names the feature networks of %s', (_, terms, networks) => {
  expect(
    usedFeatureNetworks(
      runConfig.parse({ network: { type: 'ffanet' }, data: { train: { target: 'clean' } }, ...terms }),
    ),
  ).toEqual(networks);
});
