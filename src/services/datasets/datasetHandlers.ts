import type { z } from 'zod';
import type { Handlers } from '../../shared/contract.ts';
import type { datasetCalls, Split } from '../../shared/contract/datasets.ts';
import type { StudioContext } from '../studio/context.ts';
import { DatasetList } from './datasetList.ts';

type Calls = `datasets.${string}`;

/** Handlers of the calls about data sets. */
export function datasetHandlers({
  services,
  handles,
  tell,
}: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const datasets = new DatasetList(services.home, services.history.datasets);
  const cleaned = datasets.clean();
  const changed = (): void => tell({ name: 'changed', data: 'datasets' });
  type Wanted = NonNullable<z.output<(typeof datasetCalls)['datasets.change']['input']>['validation']>;
  const splitFrom =
    ({ share, count, folders, target, input }: Wanted) =>
    (kept: Split): Split => ({
      ...(folders === 'keep' ? kept : {}),
      share,
      count,
      ...(target === undefined ? {} : { target: handles.path(target) }),
      ...(input === undefined ? {} : { input: handles.path(input) }),
    });
  return {
    'datasets.list': () => Promise.resolve(datasets.list()),
    'datasets.add': async ({ name, target, input, clean }) => {
      const added = await datasets.add({
        name,
        clean,
        target: handles.path(target),
        ...(input === undefined ? {} : { input: handles.path(input) }),
      });
      changed();
      return added;
    },
    'datasets.change': ({ dataset, validation, ...change }) => {
      const next = datasets.change(dataset, {
        ...change,
        ...(validation ? { validation: splitFrom(validation) } : {}),
      });
      changed();
      return Promise.resolve(next);
    },
    'datasets.remove': ({ dataset }) => {
      datasets.remove(dataset);
      changed();
      return Promise.resolve({});
    },
    'datasets.inspect': ({ dataset }) => datasets.inspect(dataset),
    'datasets.samples': async ({ dataset, offset, count }) => {
      const { total, samples } = await datasets.samples(dataset, offset, count);
      return {
        total,
        samples: samples.map(({ input, target, ...names }) => ({
          ...names,
          target: handles.issue(target),
          ...(input === undefined ? {} : { input: handles.issue(input) }),
        })),
      };
    },
    'datasets.split': ({ dataset, seed }) => datasets.split(dataset, seed),
    'datasets.preview': async ({ dataset, degradations, count, seed }) => {
      await cleaned;
      const pairs = await datasets.preview(dataset, degradations, { count, seed });
      return pairs.map(({ name, input, target }) => ({
        name,
        input: handles.issue(input),
        target: handles.issue(target),
      }));
    },
  };
}
