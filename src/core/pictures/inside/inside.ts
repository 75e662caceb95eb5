import { withBytes, type FileBytes } from './fileBytes.ts';
import { type FileKind, tellKind } from './fileKind.ts';
import { type HeifFile, readHeif } from './heif.ts';
import { isAnimatedJxl } from './jxl.ts';
import { type JpegContents, jpegContents } from './jpegContents.ts';
import {
  isMetadataKeyword,
  isPngText,
  type PngChunk,
  type PngColour,
  pngColour,
  pngFrames,
  pngKeyword,
  pngOrientation,
  readPng,
} from './png.ts';
import { firstIsReduced, rawInTiff } from './rawInTiff.ts';
import { type TiffContents, tiffContents } from './tiffContents.ts';
import { readTiff } from './tiff.ts';
import { readPsd } from './psd.ts';
import { readWebp } from './webp.ts';

export interface PngContents {
  colour: PngColour;
  chunks: readonly PngChunk[];
  /** Frames of an animation (APNG); 1 without. */
  frames: number;
  /** Chunks with text that is neither EXIF, IPTC nor XMP. */
  text: readonly PngChunk[];
  /** EXIF's orientation where sharp does not see it: behind the pixels, or in ImageMagick's text. */
  orientation?: number;
}

/** The content of a file, read from its bytes without decoding a pixel. */
export interface Inside {
  kind: FileKind;
  /** The RAW format, for people. */
  raw?: string;
  /** The first picture of a TIFF is a smaller copy of another in it. */
  reduced?: boolean;
  tiff?: TiffContents;
  png?: PngContents;
  jpeg?: JpegContents;
  heif?: HeifFile;
  webp?: readonly string[];
  psd?: { layers: boolean };
  jxl?: { animated: boolean };
}

/** @throws the system's error if the file cannot be read */
export const lookInside = (path: string): Inside => withBytes(path, (file) => read(file, path));

function read(file: FileBytes, path: string): Inside {
  const { kind, raw } = tellKind(file);
  if (raw !== undefined) return { kind, raw };
  switch (kind) {
    case 'tiff': {
      const tiff = readTiff(file);
      if (!tiff) return { kind };
      const found = rawInTiff(file, tiff, path);
      if (found !== undefined) return { kind: 'raw', raw: found };
      return { kind, reduced: firstIsReduced(file, tiff), tiff: tiffContents(file, tiff) };
    }
    case 'png': {
      const chunks = readPng(file);
      const text = chunks.filter((chunk) => isPngText(chunk) && !isMetadataKeyword(pngKeyword(file, chunk)));
      const orientation = pngOrientation(file, chunks);
      const told = orientation === undefined ? {} : { orientation };
      return { kind, png: { colour: pngColour(file, chunks), chunks, text, frames: pngFrames(file, chunks), ...told } };
    }
    case 'jpeg':
      return { kind, jpeg: jpegContents(file) };
    case 'avif':
    case 'heic':
      return { kind, heif: readHeif(file) };
    case 'psd':
      return { kind, psd: readPsd(file) };
    case 'jxl':
      return { kind, jxl: { animated: isAnimatedJxl(file) } };
    case 'webp':
      return { kind, webp: readWebp(file) };
    default:
      return { kind };
  }
}
