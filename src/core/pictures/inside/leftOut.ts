import type { Inside } from './inside.ts';

/** Chunks of a PNG that are read, rewritten or copied, or that only fit the original pixels. */
const knownPng = new Set(
  'IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT cICP mDCV cLLI tEXt zTXt iTXt eXIf pHYs bKGD hIST sPLT tIME oFFs vpAg acTL fcTL fdAT'.split(
    ' ',
  ),
);
const knownWebp = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ICCP', 'EXIF', 'XMP ', 'ANIM', 'ANMF']);

/**
 * What a restored picture will lose of a file, one sentence each. Shown before the work; a file that would lose
 * anything is not changed in place.
 * @param pages pages or frames that the decoder counts
 * @param format of the result
 */
export function leftOut(inside: Inside, pages: number, format: string): string[] {
  const { tiff, png, jpeg, heif, webp, psd, jxl } = inside;
  const lost: string[] = [];
  const all = tiff?.pages ?? png?.frames ?? pages;
  if (all > 1) lost.push(`Only the first of ${all} pages is restored.`);
  if (jxl?.animated) lost.push('Only the first picture of the animation is restored.');
  if (tiff?.layers || psd?.layers) lost.push("Photoshop's layers are left out; the merged picture is restored.");
  if (tiff && tiff.further > 0) lost.push(`The further pictures inside the first page are left out (${tiff.further}).`);
  if (tiff && tiff.unknownTags.length > 0)
    lost.push(`Data of other programs are left out (TIFF tags ${tiff.unknownTags.join(', ')}).`);
  const chunks = [...new Set(png?.chunks.map(({ type }) => type).filter((type) => !knownPng.has(type)))];
  if (chunks.length > 0) lost.push(`Data of other programs are left out (PNG chunks ${chunks.join(', ')}).`);
  if (png && png.text.length > 0 && format !== 'png') lost.push("The PNG's text is left out; only PNG holds it.");
  if (jpeg && jpeg.further > 0) lost.push(`Only the first of ${jpeg.further + 1} pictures in the file is restored.`);
  if (jpeg?.gainMap || heif?.gainMap)
    lost.push('The gain map is left out; the result has the standard range of brightness.');
  if (jpeg?.motion || heif?.motion) lost.push('The video of the motion photo is left out.');
  if (jpeg && jpeg.trailer > 0) lost.push(`Data behind the picture are left out (${jpeg.trailer} bytes).`);
  if (jpeg && jpeg.unknownSegments.length > 0)
    lost.push(`Data of other programs are left out (JPEG segments ${jpeg.unknownSegments.join(', ')}).`);
  if (heif?.sequence && all <= 1) lost.push('Only the first picture of the sequence is restored.');
  if (heif?.depthMap) lost.push('The depth map is left out.');
  const foreign = webp?.filter((type) => !knownWebp.has(type)) ?? [];
  if (foreign.length > 0)
    lost.push(`Data of other programs are left out (WebP chunks ${[...new Set(foreign)].join(', ')}).`);
  return lost;
}
