import { rm } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';
import { askExiftool } from './exiftool.ts';

export interface MetadataChange {
  /** What is left out. */
  strip: 'none' | 'gps' | 'all';
  /** Noted as `Software` and as an event in the XMP history; see services/restoring/provenance.ts. */
  provenance?: { software: string; when: string; parameters: string };
}

/**
 * Carries metadata from file to file with ExifTool, which knows them all; sharp's own way loses GPS figures, IPTC in some
 * formats, and maker notes. Each call is a process of its own: the one that stays open would outlive a killed worker.
 */
export class MetadataTool {
  #version: Promise<string | undefined> | undefined;

  /**
   * ExifTool's version; undefined where it cannot run (it needs Perl, except on Windows).
   * @throws AppError as {@link askExiftool}
   */
  version(): Promise<string | undefined> {
    return (this.#version ??= askExiftool(['-ver']).then(
      ({ stdout, code }) => (code === 0 ? stdout.trim() : undefined),
      (error: unknown) => {
        if (!(error instanceof AppError)) return undefined;
        this.#version = undefined; // it is there: asked again with the next picture
        throw error;
      },
    ));
  }

  /**
   * Copies the original's metadata into a written result and corrects what no longer holds: orientation, sizes, thumbnail.
   * @returns warnings, each a sentence
   * @throws AppError `unsupported` where GPS is to be removed and cannot be, `io` where the disk is full or as {@link askExiftool}
   */
  async transfer(from: string, to: string, { strip, provenance }: MetadataChange): Promise<string[]> {
    if (strip === 'all') return [];
    if ((await this.version()) === undefined) {
      if (strip === 'gps')
        throw new AppError('unsupported', 'Removing GPS alone needs ExifTool; install Perl, or remove all metadata.');
      return [
        'ExifTool is not available, so only common metadata were kept and the provenance was not noted; install Perl.',
      ];
    }
    const args = [
      '-overwrite_original',
      '-n',
      '-TagsFromFile',
      from,
      '-all:all',
      ...outdated.map((tag) => `--${tag}`),
      ...outdatedXmp.map((tag) => `-${tag}=`),
      '-IFD1:all=',
    ];
    if (strip === 'gps') args.push('-gps:all=', '-xmp:gps*=');
    if (provenance) {
      const { software, when, parameters } = provenance;
      args.push(
        `-IFD0:Software=${software}`,
        `-XMP-xmpMM:History+={action=converted,softwareAgent=${escaped(software)},when=${when},parameters=${escaped(parameters)}}`,
      );
    }
    // What it writes beside the result stays where it is killed, and would keep it from writing again.
    const tidy = (): Promise<void> => rm(`${to}${EXIFTOOL_PART}`, { force: true });
    // It fails where there is nothing to copy, too; what it says tells which.
    const { stderr, code } = await askExiftool(['-q', ...args, to], { quiet: true, before: tidy }).finally(tidy);
    const told = stderr.split('\n').filter((line) => line.trim() !== '');
    const lines = told.filter((line) => !harmless.test(line));
    // Without room the result would lose its metadata: the picture is tried again when there is some.
    if (lines.some((line) => noRoom.test(line)))
      throw new AppError('io', 'There is no room left on the disk for the result; free some space.');
    // It writes nothing after an error, however minor it calls it.
    const refusal = lines[0] ?? told.find((line) => line.startsWith('Error: '));
    if (strip === 'gps' && code !== 0 && refusal !== undefined)
      throw new AppError(
        'unsupported',
        `GPS could not be removed from this file (${said(refusal)}); remove all metadata.`,
      );
    return lines.map((line) => `Metadata: ${said(line)}.`);
  }

  /**
   * All metadata of files by group and name (`IFD0:Artist`), as ExifTool tells them.
   * @throws AppError `unsupported` where ExifTool cannot run, `bad-input` for a file that it cannot read, or as {@link askExiftool}
   */
  async read(...files: string[]): Promise<Record<string, unknown>[]> {
    if ((await this.version()) === undefined)
      throw new AppError('unsupported', 'Reading metadata needs ExifTool, which needs Perl; install Perl.');
    const { stdout, stderr, code } = await askExiftool(['-json', '-G1', '-struct', '-n', ...files]);
    if (code !== 0) throw new AppError('bad-input', `The metadata cannot be read: ${said(stderr)}.`);
    return JSON.parse(stdout) as Record<string, unknown>[];
  }
}

/** Ending of the file that ExifTool writes beside the one it changes. */
export const EXIFTOOL_PART = '_exiftool_tmp';

const noRoom = /no space left|disk quota|error (writing|closing|flushing)/i;

/** Its message without what kind it is and of which file. */
const said = (line: string): string =>
  line
    .trim()
    .replace(/^(Warning|Error): /, '')
    .replace(/ - \S*$/, '');

/** Written by the encoder, as the result is. */
const outdated = ['Orientation', 'IFD1:all', 'ExifImageWidth', 'ExifImageHeight', 'ThumbnailImage', 'PreviewImage'];
const outdatedXmp = [
  'XMP-tiff:Orientation',
  'XMP-tiff:ImageWidth',
  'XMP-tiff:ImageHeight',
  'XMP-exif:ExifImageWidth',
  'XMP-exif:ExifImageHeight',
  'XMP-xmp:Thumbnails',
];

/**
 * The original has no metadata at all, something in it that ExifTool has put right, or strips of JPEG data, which ExifTool
 * takes for a preview.
 */
const harmless = /No writable tags set|\[minor\]|RawConv PreviewImage/i;

/** Characters that ExifTool takes for the syntax of structures. */
const escaped = (text: string): string => text.replace(/[|,{}[\]]/g, '|$&');
