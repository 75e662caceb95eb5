import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Preset } from '../../shared/contract/training.ts';
import { readConfigFile } from './configFile.ts';

const folder = fileURLToPath(new URL('../../../resources/presets/', import.meta.url));

/** The presets that come with the program. The description of each is the first paragraph of its file. */
export async function readPresets(): Promise<Preset[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yml')).sort();
  return Promise.all(
    names.map(async (name) => {
      const config = readConfigFile(join(folder, name));
      return {
        id: name.replace(/\.yml$/, ''),
        title: config.name,
        description: openingComment(await readFile(join(folder, name), 'utf8')),
        config,
      };
    }),
  );
}

function openingComment(text: string): string {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !/^# /.test(line));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^#\s?/, ''))
    .join(' ')
    .trim();
}
