import type { Page } from '@playwright/test';
import { openHistory } from '../../src/database/history.ts';
import { openHome } from '../../src/services/app/home.ts';
import { readConfigFile } from '../../src/services/training/configFile.ts';
import type { Dataset } from '../../src/shared/contract/datasets.ts';
import type { RunConfig } from '../../src/shared/runConfig.ts';
import { tinyTraining } from '../cli/program.ts';

/** Imports a data set of five small pictures into a home folder, and gives a training on it. */
export async function tinySet(
  folder: string,
  home: string,
  fields: Record<string, unknown> = {},
): Promise<{ file: string; config: RunConfig }> {
  const file = await tinyTraining(folder, fields);
  const config = readConfigFile(file);
  const { target, degradations } = config.data.train;
  const tiny: Dataset = {
    id: 'tiny',
    name: 'Tiny',
    target,
    degradations,
    scale: 1,
    validation: { share: 0.2, count: 2 },
    created: 1,
  };
  addDataset(home, tiny);
  return { file, config };
}

/** Enters a data set into a home folder's history, also while a program uses it. */
export function addDataset(home: string, dataset: Dataset): void {
  const history = openHistory(openHome(home));
  history.datasets.add(dataset);
  history.db.close();
}

/** Calls the services as the page does, to set things up that other tests do by hand. */
export async function ask<T>(page: Page, name: string, input: unknown): Promise<T> {
  const reply: unknown = await page.evaluate(
    async ([call, text]) => {
      const { mcir } = window as { mcir?: { call(name: string, input: unknown): Promise<unknown> } };
      if (mcir) return mcir.call(call, JSON.parse(text));
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`api/${call}`, { method: 'POST', headers, body: text });
      return response.json() as Promise<unknown>;
    },
    [name, JSON.stringify(input)] as const,
  );
  return (reply as { value: T }).value;
}
