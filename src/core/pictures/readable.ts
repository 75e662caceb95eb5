import { AppError, messageOf } from '../../shared/errors.ts';
import { saysDiskFull } from '../files/diskFull.ts';
import { formatOfFile } from './format.ts';
import { withBytes } from './inside/fileBytes.ts';
import { tellKind } from './inside/fileKind.ts';
import { readJpeg } from './inside/jpeg.ts';

/**
 * Number of decoders at work in this process, and how often one has started. libvips keeps the messages of all in one
 * place.
 */
let working = 0;
let begun = 0;

/**
 * Runs a decoder on a file.
 * @throws AppError `bad-input` or `unsupported`, with the reason in a sentence; `io` where the disk is full
 */
export async function readable<T>(file: string, read: () => Promise<T>): Promise<T> {
  const mine = ++begun;
  const others = working++;
  try {
    return await read();
  } catch (cause) {
    // A sentence written for users is better than an interpretation of a decoder's message.
    if (cause instanceof AppError) throw cause;
    // The file's first bytes are certain; the decoder's message may be about another file.
    if (!(await isPicture(file))) throw notAPicture(cause);
    throw reasonOf(file, cause, others === 0 && begun === mine);
  } finally {
    working--;
  }
}

/** The reason if no better one is known. */
export const DAMAGED =
  'The picture is damaged and cannot be read completely. Copy it from its source again, or save it again with another program.';

/** @param alone whether the decoder's message can only be about this file */
function reasonOf(file: string, cause: unknown, alone: boolean): AppError {
  const words = messageOf(cause);
  if (saysDiskFull(words))
    return new AppError('io', 'The disk is too full for temporary files. Free some space and try again.', { cause });
  const known = alone ? knownReason(words, cause) : undefined;
  if (known) return known;
  if (!alone && /pixel limit/i.test(words)) return tooLarge(cause);
  if (endsTooEarly(file))
    return new AppError(
      'bad-input',
      'The file ends before the picture does. Copy it from its source again; what is missing cannot be restored.',
      { cause },
    );
  const reason = alone ? firstReason(words) : undefined;
  if (reason === undefined) return new AppError('bad-input', DAMAGED, { cause });
  return new AppError('bad-input', `The picture cannot be read: ${reason}.`, { cause });
}

function knownReason(words: string, cause: unknown): AppError | undefined {
  if (/unsupported image format/i.test(words)) return notAPicture(cause);
  if (/whole number of bytes|samples out of range|bad labq/i.test(words))
    return new AppError(
      'unsupported',
      'TIFF of this depth cannot be read. Save it with 16 bits, or with 32-bit floating point.',
      { cause },
    );
  if (/compression support is not configured|compression scheme \d+/i.test(words))
    return new AppError(
      'unsupported',
      'TIFF with this compression cannot be read. Save it with LZW or ZIP (Deflate), or without compression.',
      { cause },
    );
  return /pixel limit/i.test(words) ? tooLarge(cause) : undefined;
}

/** Also true if the file cannot be read any more: then the decoder's own message is shown. */
const isPicture = (file: string): Promise<boolean> =>
  formatOfFile(file).then(
    (format) => format !== undefined,
    () => true,
  );

const notAPicture = (cause: unknown): AppError =>
  new AppError(
    'unsupported',
    'This is not a picture of a kind this program reads (JPEG, PNG, TIFF, WebP, AVIF, GIF).',
    { cause },
  );

const tooLarge = (cause: unknown): AppError =>
  new AppError('unsupported', 'The picture has more than 1000 megapixels. Make it smaller first.', { cause });

/** The first meaningful line: sharp writes "Input file has corrupt header:" before a line that may be empty. */
function firstReason(words: string): string | undefined {
  return words
    .split('\n')
    .map((line) =>
      line
        .replace(/^(\w*vips\w*): /i, '')
        .replace(/^Input (file|buffer) (has corrupt header|is missing|contains unsupported image format)?:?/i, '')
        .trim()
        .replace(/[.:\s]+$/, ''),
    )
    .find((line) => /[a-z]{3}/i.test(line) && !/^(unknown error|error|libpng read error)$/i.test(line));
}

function endsTooEarly(file: string): boolean {
  try {
    return withBytes(file, (bytes) => tellKind(bytes).kind === 'jpeg' && !readJpeg(bytes).whole);
  } catch {
    return false; // The file is gone, and its own reason has been reported.
  }
}
