import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../../core/files/privateFile.ts';
import { degradations } from '../../core/degradations/index.ts';
import { networks } from '../../core/networks/index.ts';
import type { Handlers } from '../../shared/contract.ts';
import type { Registered, RunPage } from '../../shared/contract/training.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { thin } from './report/runSummary.ts';
import { measurePart, sharedPictures } from './crops.ts';
import { safeName } from '../restoring/naming.ts';
import { exportRun } from './report/exportRun.ts';
import { htmlReport } from './report/htmlReport.ts';
import { prepareStart, retrainConfig } from './retrain.ts';
import { tryTraining } from './trial.ts';
import type { StudioContext } from '../studio/context.ts';
import { requireModels, requirePlaces } from '../studio/known.ts';
import { readPresets } from './trainingPresets.ts';
import { moveToTrash } from '../app/trash.ts';

type Calls = `presets.${string}` | `registry.${string}` | `training.${string}` | `runs.${string}`;

/** Number of log lines that a window shows. */
const logLines = 200;
/** Steps are faster than progress needs to be shown. */
const progressEvery = 200;

/** Handlers of the calls about training runs. */
export function trainingHandlers({
  services,
  handles,
  pictures,
  tell,
}: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const { home, runs, training, children } = services;
  let estimate: AbortController | undefined;
  let told = -Infinity;
  const cancelEstimate = (): void => estimate?.abort(new AppError('cancelled', 'The estimate was cancelled.'));
  const tellRun = (run: string): void => tell({ name: 'run', data: training.asItIs(runs.find(run)) });
  training.events.on('state', (run) => tell({ name: 'run', data: run }));
  training.events.on('progress', (id, event) => {
    // A line of the log; windows that show the run ask for the log again.
    if (event.type === 'log' || event.type === 'waits') tellRun(id);
    if (event.type !== 'metrics') return;
    if (event.line.pictures) tellRun(id);
    const now = performance.now();
    if (now - told < progressEvery && event.progress.step < event.progress.steps) return;
    told = now;
    tell({ name: 'progress', data: { run: id, progress: event.progress } });
  });

  const settingsOf = (id: string): Pick<RunPage, 'settings' | 'problem'> => {
    try {
      return { settings: runs.config(id) };
    } catch (error) {
      return { problem: messageOf(error) };
    }
  };

  return {
    'presets.list': readPresets,
    'registry.networks': () =>
      Promise.resolve(
        networks.map(({ id, title, description, options }) => ({ id, title, description, schema: schemaOf(options) })),
      ),
    'registry.degradations': () =>
      Promise.resolve(
        degradations.map(({ id, title, description, schema }) => ({
          id,
          title,
          description,
          schema: schemaOf(schema),
        })),
      ),
    'training.start': async ({ config }) => {
      await requirePlaces(config, services);
      return training.start(await prepareStart(config, home));
    },
    'training.estimate': async ({ config }) => {
      await requirePlaces(config, services);
      cancelEstimate();
      estimate = new AbortController();
      return tryTraining(config, home, { ...children.options, signal: estimate.signal });
    },
    'training.endEstimate': () => {
      cancelEstimate();
      return Promise.resolve({});
    },
    'training.retrain': async ({ model }) => {
      await requireModels([model], services);
      return retrainConfig(model, home);
    },
    'training.extend': ({ run, steps }) => training.extend(run, steps),
    'training.pause': async ({ run }) => {
      await training.pause(run);
      return {};
    },
    'training.resume': async ({ run }) => {
      await training.resume(run);
      return {};
    },
    'training.cancel': async ({ run }) => {
      await training.cancel(run);
      return {};
    },
    'runs.list': () => Promise.resolve(runs.list().map((run) => training.asItIs(run))),
    'runs.show': async ({ run }) => {
      const { folder, pictures, ...page } = training.asItIs(runs.show(run));
      const log = await readFile(runs.folder(page.id).log, 'utf8').catch(() => '');
      return {
        ...page,
        ...settingsOf(page.id),
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
      tellRun(runs.find(run).id);
      return Promise.resolve({});
    },
    'runs.crops': async ({ runs: references }) =>
      (await sharedPictures(runs, references, pictures)).map((picture) => ({
        ...picture,
        target: handles.issue(picture.target),
        runs: picture.runs.map(({ run, input, steps }) => ({
          run,
          input: handles.issue(input),
          steps: steps.map((step) => ({ ...step, restored: handles.issue(step.restored) })),
        })),
      })),
    'runs.measure': (question) => measurePart(runs, question, pictures),
    'runs.export': async ({ run, out, form }) => {
      const { id, name } = runs.find(run);
      const path = join(handles.path(out), `${safeName(name)} ${id}${form === 'report' ? '.html' : ''}`);
      if (form === 'folder') await exportRun(runs, id, path);
      else await writeWhole(path, await htmlReport(runs, id));
      return handles.place(path);
    },
    'runs.remove': async ({ run }) => {
      await runs.delete(run, (path) => moveToTrash(path, `mcir runs delete ${run}`));
      tell({ name: 'changed', data: 'models' });
      return {};
    },
  };
}

const schemaOf = (schema: z.ZodType): Registered['schema'] =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
