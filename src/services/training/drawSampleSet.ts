import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodePicture } from '../../core/data/decode.ts';
import { samplePictures } from '../../core/data/samplePictures.ts';
import { applyChain, parseChain } from '../../core/degradations/chain.ts';
import { encodePng } from '../../core/pictures/encodePng.ts';

/** Thickness of the haze: within RESIDE's range, and always thick enough to be seen. */
const haze = parseChain([{ type: 'haze', beta: [0.8, 1.5], airlight: [0.85, 0.95] }]);

/**
 * Draws the sample pictures into `clear` inside a folder, and the same pictures with haze into `hazy`.
 * @param onPicture called after each picture with the number done
 */
export async function drawSampleSet(folder: string, onPicture: (done: number) => void): Promise<void> {
  for (const side of ['clear', 'hazy']) await mkdir(join(folder, side), { recursive: true });
  let done = 0;
  for await (const { name, png } of samplePictures()) {
    const clear = join(folder, 'clear', name);
    await writeFile(clear, png);
    const hazy = await applyChain(haze, await decodePicture(clear), ['sample set', name]);
    await writeFile(join(folder, 'hazy', name), await encodePng(hazy));
    onPicture(++done);
  }
}
