import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import packageFile from '../../../package.json' with { type: 'json' };
import librariesInside from '../../shared/librariesInside.json' with { type: 'json' };

const ownFile = (name: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), 'utf8').catch(() => '');

/** The changelog. */
export const changelog = (): Promise<string> => ownFile('CHANGELOG.md');

/** The program's licence. */
export const licence = (): Promise<string> => ownFile('LICENSE');

export interface Library {
  name: string;
  version: string;
  licence: string;
}

/**
 * Libraries that are compiled into packages of another name: what decodes RAW, HEIC, JPEG XL and JPEG 2000, from the notices of
 * these packages. Decision 13 has the reasons and the patents.
 */
const inside = librariesInside.map(({ package: holder, name, version, licence: ofPart }): Library => ({
  name: `${name} (${holder})`,
  version,
  licence: ofPart,
}));

/** The libraries in the program, with the licences they declare. */
export async function libraries(): Promise<Library[]> {
  const require = createRequire(import.meta.url);
  const found = await Promise.all(
    Object.keys(packageFile.dependencies).map(async (name): Promise<Library | undefined> => {
      for (const folder of require.resolve.paths(name) ?? []) {
        const text = await readFile(`${folder}/${name}/package.json`, 'utf8').catch(() => undefined);
        if (text === undefined) continue;
        const { version, license } = JSON.parse(text) as { version: string; license?: string };
        return { name, version, licence: license ?? 'see its files' };
      }
      return undefined;
    }),
  );
  return [...found.filter((library) => library !== undefined), ...inside];
}
