import type { FileBytes } from './fileBytes.ts';

/** What a PSD or PSB holds beside its merged picture (Adobe Photoshop File Formats Specification). */
export function readPsd(file: FileBytes): { layers: boolean } {
  const big = file.read(4, 2).at(1) === 2;
  const length = (at: number): number => {
    const bytes = file.read(at, 4);
    return bytes.length === 4 ? bytes.readUInt32BE(0) : NaN;
  };
  const resources = 30 + length(26);
  const layers = resources + 4 + length(resources);
  // Two lengths, each of eight bytes in a PSB, then the number of layers.
  const count = file.read(layers + (big ? 16 : 8), 2);
  const some = (length(layers) || (big ? length(layers + 4) : 0)) > 0;
  return { layers: some && count.length === 2 && count.readInt16BE(0) !== 0 };
}
