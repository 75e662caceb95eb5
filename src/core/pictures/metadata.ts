import { ExifTool } from 'exiftool-vendored';
import { AppError, messageOf } from '../../shared/errors.ts';

export interface MetadataChange {
  /** What is left out. */
  strip: 'none' | 'gps' | 'all';
  /** Noted as `Software` and as an event in the XMP history; see services/provenance.ts. */
  provenance?: { software: string; when: string; parameters: string };
}

/**
 * Carries metadata from file to file with ExifTool, which knows them all; sharp's own way loses GPS figures, IPTC in some
 * formats, and maker notes. One ExifTool process serves all files until {@link close}.
 */
export class MetadataTool {
  readonly #tool = new ExifTool({ maxProcs: 1, taskTimeoutMillis: 120_000, spawnTimeoutMillis: 30_000 });
  #available: Promise<string | undefined> | undefined;

  /** ExifTool's version; undefined where it cannot run (it needs Perl, except on Windows). */
  version(): Promise<string | undefined> {
    return (this.#available ??= this.#tool.version().catch(() => undefined));
  }

  /**
   * Copies the original's metadata into a written result and corrects what no longer holds: orientation, sizes, thumbnail.
   * @returns warnings, each a sentence
   * @throws AppError `unsupported` where GPS is to be removed and ExifTool is not there
   */
  async transfer(from: string, to: string, { strip, provenance }: MetadataChange): Promise<string[]> {
    if (strip === 'all') return [];
    if ((await this.version()) === undefined) {
      if (strip === 'gps') throw new AppError('unsupported', 'Removing GPS alone needs ExifTool; install Perl, or remove all metadata.');
      return ['ExifTool is not available, so only common metadata were kept and the provenance was not noted; install Perl.'];
    }
    const args = ['-overwrite_original', '-n', '-TagsFromFile', from, '-all:all', ...outdated.map((tag) => `--${tag}`), ...outdatedXmp.map((tag) => `-${tag}=`), '-IFD1:all='];
    if (strip === 'gps') args.push('-gps:all=', '-xmp:gps*=');
    if (provenance) {
      const { software, when, parameters } = provenance;
      args.push(`-IFD0:Software=${software}`, `-XMP-xmpMM:History+={action=converted,softwareAgent=${escaped(software)},when=${when},parameters=${escaped(parameters)}}`);
    }
    try {
      const { warnings } = await this.#tool.write(to, {}, { writeArgs: args, useMWG: false });
      return (warnings ?? []).filter((warning) => !harmless.test(warning)).map((warning) => `Metadata: ${warning.replace(/^Warning: /, '')}`);
    } catch (error) {
      return [`Some metadata could not be copied: ${messageOf(error).split('\n')[0]}`];
    }
  }

  /**
   * All metadata of a file by group and name (`IFD0:Artist`), as ExifTool tells them.
   * @throws AppError `unsupported` where ExifTool cannot run
   */
  async read(file: string): Promise<Record<string, unknown>> {
    if ((await this.version()) === undefined) throw new AppError('unsupported', 'Reading metadata needs ExifTool, which needs Perl; install Perl.');
    return (await this.#tool.readRaw(file, { readArgs: ['-G1', '-struct', '-n'] })) as unknown as Record<string, unknown>;
  }

  /** Ends ExifTool. */
  async close(): Promise<void> {
    await this.#tool.end();
  }
}

/** Written by the encoder, as the result is. */
const outdated = ['Orientation', 'IFD1:all', 'ExifImageWidth', 'ExifImageHeight', 'ThumbnailImage', 'PreviewImage'];
const outdatedXmp = ['XMP-tiff:Orientation', 'XMP-tiff:ImageWidth', 'XMP-tiff:ImageHeight', 'XMP-exif:ExifImageWidth', 'XMP-exif:ExifImageHeight', 'XMP-xmp:Thumbnails'];

/** The original has no metadata at all. */
const harmless = /No writable tags set/;

/** Characters that ExifTool takes for the syntax of structures. */
const escaped = (text: string): string => text.replace(/[|,{}[\]]/g, '|$&');
