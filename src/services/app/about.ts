import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import packageFile from '../../../package.json' with { type: 'json' };

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
 * Libraries inside packages of another name or licence: what decodes RAW, HEIC, JPEG XL and JPEG 2000. Decision 13 has the reasons and the patents.
 */
const inside: readonly Library[] = [
  { name: 'LibRaw (libraw-wasm)', version: '0.22.1', licence: 'LGPL-2.1 or CDDL-1.0' },
  { name: 'libde265 (libheif-js)', version: '1.0.15', licence: 'LGPL-3.0' },
  { name: 'libvips (wasm-vips)', version: '8.18.7', licence: 'LGPL-2.1-or-later' },
  { name: 'libjxl (wasm-vips)', version: '0.12.0', licence: 'BSD-3-Clause' },
  { name: 'OpenJPEG (codec-openjpeg)', version: '2.5.4', licence: 'BSD-2-Clause' },
];

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
