import type { Handlers } from '../../shared/contract.ts';
import type { StudioContext } from '../studio/context.ts';
import { featurePackage } from './featurePackage.ts';
import { listFeatures } from './features.ts';
import { featuresAreHere, fetchFeatures } from './fetchFeatures.ts';

type Calls = `features.${string}`;

/** Handlers of the calls about feature networks. Only `features.fetch` downloads anything. */
export function featureHandlers({ services: { home } }: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  let fetching: Promise<unknown> | undefined;
  return {
    'features.show': () => {
      const { name, version, bytes, licence } = featurePackage;
      return Promise.resolve({
        here: listFeatures(home).map(({ network, source }) => ({ network, source })),
        complete: featuresAreHere(home),
        published: { source: `${name} ${version}`, bytes, licence },
      });
    },
    'features.fetch': async () => {
      fetching ??= fetchFeatures(home).finally(() => (fetching = undefined));
      await fetching;
      return {};
    },
  };
}
