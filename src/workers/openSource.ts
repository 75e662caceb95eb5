import { inspect, type Photograph } from '../core/pictures/photograph.ts';
import { DECODE_SECONDS } from '../core/pictures/limits.ts';
import { needsTranslation as needed } from '../core/pictures/translate/translate.ts';
import { PictureReaders } from '../services/pictures/pictureReaders.ts';
import type { RawSettings } from '../shared/batches.ts';
import type { Translation } from '../shared/pictureMessages.ts';

/** WebAssembly uses at most four gigabytes. The rest is for the file and the decoded pixels. */
const MEMORY_BYTES = 6 * 2 ** 30;

let readers: PictureReaders | undefined;

/**
 * Decodes a picture that sharp does not read into a TIFF, in a child process of its own with limits of time and memory.
 * @throws AppError `bad-input`, `unsupported`
 */
export function translateFile(file: string, target: string, raw?: RawSettings): Promise<Translation> {
  readers ??= new PictureReaders({ most: 1, memoryBytes: MEMORY_BYTES, timeMs: DECODE_SECONDS * 1000 });
  return readers.ask('translate', { file, target, ...(raw ? { raw } : {}) });
}

/** Whether a file has to be translated first. A file that cannot be read is left to {@link openSource}. */
export function needsTranslation(file: string): boolean {
  try {
    return needed(file);
  } catch {
    return false;
  }
}

/**
 * Reads a photograph's properties. A photograph that sharp does not read is translated first.
 * @param target path of the TIFF that it is translated to
 * @throws AppError as inspect (core/pictures/photograph.ts)
 */
export async function openSource(source: string, target: string, raw?: RawSettings): Promise<Photograph> {
  return inspect(source, needsTranslation(source) ? await translateFile(source, target, raw) : undefined);
}
