import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import trash from 'trash';
import { z } from 'zod';
import { degradations } from '../../core/degradations/index.ts';
import { networks } from '../../core/networks/index.ts';
import type { Handlers } from '../../shared/contract.ts';
import type { Registered } from '../../shared/contract/training.ts';
import type { MetricSeries } from '../../shared/runs.ts';
import type { StudioContext } from './context.ts';
import { readPresets } from './presets.ts';

type Calls = `presets.${string}` | `registry.${string}` | `training.${string}` | `runs.${string}`;

/** Lines of a run's log that a face is shown. */
const logLines = 200;
/** Steps come faster than anybody looks. */
const progressEvery = 200;

/** Answers of the calls about training runs. */
export function trainingHandlers({ services, handles, tell }: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const { runs, training } = services;
  let told = 0;
  training.events.on('state', (run) => tell({ name: 'run', data: run }));
  training.events.on('progress', (id, event) => {
    if (event.type !== 'metrics') return;
    if (event.line.pictures) tell({ name: 'run', data: runs.find(id) });
    const now = Date.now();
    if (now - told < progressEvery && event.progress.step < event.progress.steps) return;
    told = now;
    tell({ name: 'progress', data: { run: id, progress: event.progress } });
  });

  return {
    'presets.list': readPresets,
    'registry.networks': () => Promise.resolve(networks.map(({ id, title, description, options }) => ({ id, title, description, schema: schemaOf(options) }))),
    'registry.degradations': () => Promise.resolve(degradations.map(({ id, title, description, schema }) => ({ id, title, description, schema: schemaOf(schema) }))),
    'training.start': ({ config }) => Promise.resolve(training.start(config)),
    'training.pause': ({ run }) => {
      training.pause(run);
      return Promise.resolve({});
    },
    'training.resume': async ({ run }) => {
      await training.resume(run);
      return {};
    },
    'training.stop': ({ run }) => {
      training.stop(run);
      return Promise.resolve({});
    },
    'runs.list': () => Promise.resolve(runs.list()),
    'runs.show': async ({ run }) => {
      const { folder, pictures, ...page } = runs.show(run);
      const log = await readFile(runs.folder(page.id).log, 'utf8').catch(() => '');
      return {
        ...page,
        settings: runs.config(page.id),
        log: log.trimEnd().split('\n').slice(-logLines),
        pictures: pictures.map((picture) => ({
          ...picture,
          input: handles.issue(join(folder, picture.input)),
          restored: handles.issue(join(folder, picture.restored)),
          target: handles.issue(join(folder, picture.target)),
        })),
      };
    },
    'runs.curves': ({ run, points }) => Promise.resolve(runs.series(run).map((series) => thin(series, points))),
    'runs.annotate': ({ run, tags, note }) => {
      if (tags) runs.setTags(run, tags);
      if (note !== undefined) runs.setNote(run, note);
      tell({ name: 'run', data: runs.find(run) });
      return Promise.resolve({});
    },
    'runs.remove': async ({ run }) => {
      await runs.delete(run, (path) => trash(path));
      tell({ name: 'changed', data: 'models' });
      return {};
    },
  };
}

const schemaOf = (schema: z.ZodType): Registered['schema'] => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

/** Every n-th value, and the last. */
function thin({ name, steps, values }: MetricSeries, points: number): MetricSeries {
  const stride = Math.ceil(steps.length / points);
  const kept = (_: number, index: number): boolean => index % stride === 0 || index === steps.length - 1;
  return stride <= 1 ? { name, steps, values } : { name, steps: steps.filter(kept), values: values.filter(kept) };
}
