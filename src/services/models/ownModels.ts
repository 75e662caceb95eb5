import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { fault as faultName, type Fault } from '../../shared/faults.ts';

const folder = fileURLToPath(new URL('../../../resources/models/', import.meta.url));

/** A model that comes with the program: a file of weights in resources/models, with a card beside it. */
export interface OwnModel {
  /** Name of the file without its ending. */
  id: string;
  file: string;
  fault: Fault;
  title: string;
  description?: string;
  licence: string;
  bytes: number;
}

/** `<id>.json` beside `<id>.safetensors`; what a card says beyond this is for people. */
const card = z.object({
  title: z.string().min(1).max(200),
  fault: faultName.optional(),
  description: z.string().max(10_000).optional(),
  licence: z.string().max(1000).optional(),
});

/** Which fault a model is for where its card does not say it: by the usual words in its name. */
const usualNames: readonly [RegExp, Fault][] = [
  [/haz/, 'haze'],
  [/nois/, 'noise'],
  [/rain/, 'rain'],
  [/blur/, 'blur'],
  [/x2|twice|enlarg|small/, 'small'],
];

/** The models that come with the program, by name; none where there is no folder of them. */
export async function ownModels(place: string = folder): Promise<OwnModel[]> {
  const names = (await readdir(place).catch(() => [])).filter((name) => extname(name) === '.safetensors').sort();
  const found = await Promise.all(names.map((name) => readOwn(place, name)));
  return found.filter((model) => model !== undefined);
}

async function readOwn(place: string, name: string): Promise<OwnModel | undefined> {
  const id = name.slice(0, -extname(name).length);
  const file = join(place, name);
  const text = await readFile(join(place, `${id}.json`), 'utf8').catch(() => '{}');
  const { title = id, fault, description, licence = 'MIT' } = card.partial().parse(JSON.parse(text));
  const wanted = fault ?? usualNames.find(([pattern]) => pattern.test(id.toLowerCase()))?.[1];
  if (!wanted) return undefined;
  const { size } = await stat(file);
  return {
    id,
    file,
    fault: wanted,
    title,
    licence,
    bytes: size,
    ...(description === undefined ? {} : { description }),
  };
}
