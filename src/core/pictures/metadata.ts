import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { askExiftool } from './exiftool.ts';
import { type Moved, movedPlaces } from './movedPlaces.ts';
import { isPositionTag, positionQueries } from './positions.ts';
import { unpackedJxl } from './unpackedJxl.ts';

export interface MetadataChange {
  /** Metadata to leave out. */
  strip: 'none' | 'gps' | 'all';
  /** Recorded as `Software` and as an event in the XMP history; see services/restoring/provenance.ts. */
  provenance?: { software: string; when: string; parameters: string };
  /** The original is a RAW file. Its settings for developing do not apply to the developed picture. */
  developed?: boolean;
  /** How the pixels were rotated and enlarged; by default not at all. */
  moved?: Moved;
}

type Tags = Record<string, unknown>;

/**
 * Copies metadata between files with ExifTool, which knows all formats; sharp loses GPS values, IPTC in some formats,
 * and maker notes. Each call is a separate process, because one that stays open would outlive a killed worker. Values
 * are passed in JSON files and never as arguments, in which some characters are syntax.
 */
export class MetadataTool {
  #version: Promise<string | undefined> | undefined;

  /**
   * ExifTool's version; undefined if it cannot run (it needs Perl, except on Windows).
   * @throws AppError as {@link askExiftool}
   */
  version(): Promise<string | undefined> {
    return (this.#version ??= askExiftool(['-ver']).then(
      ({ stdout, code }) => (code === 0 ? stdout.trim() : undefined),
      (error: unknown) => {
        if (!(error instanceof AppError)) return undefined;
        this.#version = undefined; // It exists but failed; try again with the next picture.
        throw error;
      },
    ));
  }

  /**
   * Copies the original's metadata into a written result and corrects what no longer applies: orientation, sizes,
   * thumbnail, places in the picture, and data about parts of the file that the result does not have.
   * @returns warnings, one sentence each
   * @throws AppError `unsupported` if GPS is to be removed and cannot be, `io` if the disk is full, or as {@link
   * askExiftool}
   */
  async transfer(from: string, to: string, change: MetadataChange): Promise<string[]> {
    const { strip } = change;
    if (strip === 'all') return [];
    if ((await this.version()) === undefined) {
      if (strip === 'gps')
        throw new AppError(
          'unsupported',
          'Removing only the location needs ExifTool, which needs Perl. Install Perl, or remove all metadata.',
        );
      return [
        'ExifTool is not available, so only common metadata was kept and the model was not recorded. Install Perl, which ExifTool needs.',
      ];
    }
    const folder = await mkdtemp(join(tmpdir(), 'mcir-metadata-'));
    try {
      return await this.#copy(await unpackedJxl(from, folder), to, change, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #copy(from: string, to: string, change: MetadataChange, folder: string): Promise<string[]> {
    const { strip } = change;
    const [tags = {}] = await this.read(from).catch(() => []);
    const positions = strip === 'gps' ? await this.#positions(from) : [];
    const notes = positions.some(isInMakerNotes)
      ? ["The camera's maker notes were left out, because they hold a position."]
      : [];
    // XMP is copied as it is, including parts that ExifTool does not know. This is not possible if parts of it are
    // elsewhere, or if a part that ExifTool does not know may hold a position.
    const whole = strip === 'none' && tags['XMP-xmpNote:HasExtendedXMP'] === undefined;
    const copy = [
      ...[
        '-TagsFromFile',
        await safeSource(from, folder),
        ...(change.developed ? ofPhotograph : ['-all:all']),
        '-IPTC',
      ],
      ...outdated.map((tag) => `--${tag}`),
      ...(whole ? ['--XMP:all', '-XMP'] : []),
      ...(strip === 'gps' ? ['--GPS:all', ...(notes.length > 0 ? ['--MakerNotes:all'] : [])] : []),
    ];
    const correct = [
      ...[...outdatedXmp, ...elsewhere, ...(change.developed ? ['XMP-crs:all'] : [])].map((tag) => `-${tag}=`),
      '-IFD1:all=',
      ...(describesStack.test(String(tags['IFD0:ImageDescription'] ?? '')) ? ['-IFD0:ImageDescription='] : []),
      ...(strip === 'gps'
        ? ['-GPS:all=', ...positions.filter(isWritable).map(({ group, name }) => `-${group}:${name}=`)]
        : []),
    ];
    const [replaced, added] = await valueArguments(tags, change, folder);
    const warnings = await this.#write(to, [copy, [...correct, ...replaced], added], strip);
    if (strip === 'gps') {
      const left = await this.#positions(to);
      if (left.length > 0)
        throw new AppError(
          'unsupported',
          `The location could not be removed from this file (${left.map(({ name }) => name).join(', ')}). Remove all metadata instead.`,
        );
    }
    return [...notes, ...warnings];
  }

  async #write(to: string, steps: readonly (readonly string[])[], strip: MetadataChange['strip']): Promise<string[]> {
    // If ExifTool is killed, its temporary file remains and would prevent it from writing again.
    const tidy = (): Promise<void> => rm(`${to}${EXIFTOOL_PART}`, { force: true });
    const common = ['-common_args', '-overwrite_original', '-q', '-n', '-api', 'NoMandatory=1', resolve(to)];
    const commands = steps
      .filter((step) => step.length > 0)
      .flatMap((step, i) => (i > 0 ? ['-execute', ...step] : step));
    // ExifTool also fails if there is nothing to copy; its message tells the cases apart.
    const { stderr, code } = await askExiftool([...commands, ...common], {
      quiet: true,
      before: tidy,
    }).finally(tidy);
    const told = stderr.split('\n').filter((line) => line.trim() !== '');
    const lines = told.filter((line) => !harmless.test(line));
    // On a full disk the result would lose its metadata, so the picture is retried when there is space.
    if (lines.some((line) => noRoom.test(line)))
      throw new AppError('io', 'The disk is too full for the result. Free some space and try again.');
    // After an error ExifTool writes nothing, even if it calls the error minor.
    const refusal = lines[0] ?? told.find((line) => line.startsWith('Error: '));
    if (strip === 'gps' && code !== 0 && refusal !== undefined)
      throw new AppError(
        'unsupported',
        `The location could not be removed from this file (${said(refusal)}). Remove all metadata instead.`,
      );
    return [...new Set(lines.map((line) => `Metadata: ${said(line)}.`))];
  }

  /**
   * All metadata of files by group and name (`IFD0:Artist`), as ExifTool reports them.
   * @throws AppError `unsupported` if ExifTool cannot run, `bad-input` for a file that it cannot read, or as {@link
   * askExiftool}
   */
  read(...files: string[]): Promise<Tags[]> {
    return this.#ask(['-G1', '-struct', '-n'], files);
  }

  /** Tags with a position, in any group. */
  async #positions(file: string): Promise<{ family: string; group: string; name: string }[]> {
    const [tags = {}] = await this.#ask(['-G0:1', '-a', '-n', ...positionQueries], [file]);
    return Object.keys(tags).flatMap((key) => {
      const parts = key.split(':');
      const [family = '', group = family] = parts;
      const name = parts.at(-1) ?? '';
      // Composite tags are derived from others.
      return parts.length < 2 || family === 'Composite' || !isPositionTag(name)
        ? []
        : [{ family, group: parts.length === 2 ? family : group, name }];
    });
  }

  async #ask(options: readonly string[], files: readonly string[]): Promise<Tags[]> {
    if ((await this.version()) === undefined)
      throw new AppError('unsupported', 'Reading metadata needs ExifTool, which needs Perl. Install Perl.');
    const { stdout, stderr, code } = await askExiftool(['-json', ...options, ...files.map((file) => resolve(file))]);
    if (code !== 0) throw new AppError('bad-input', `The metadata cannot be read: ${said(firstReason(stderr))}.`);
    return JSON.parse(stdout) as Tags[];
  }
}

const isInMakerNotes = ({ family }: { family: string }): boolean => family === 'MakerNotes';

/** GeoTIFF's values are read from tags of IFD0, which are removed themselves. */
const isWritable = (tag: { family: string; group: string }): boolean =>
  !isInMakerNotes(tag) && tag.group !== 'GPS' && tag.family !== 'GeoTiff';

/** ExifTool replaces `%d`, `%f` and others in the path of the file that it copies from. */
async function safeSource(from: string, folder: string): Promise<string> {
  const path = resolve(from);
  if (!path.includes('%')) return path;
  const safe = join(folder, `original${/^\.\w+$/.test(extname(path)) ? extname(path) : ''}`);
  await symlink(path, safe);
  return safe;
}

/**
 * New metadata: values that replace others, and an event that is appended to the history, in JSON files. ExifTool takes
 * only one such file at a time.
 */
async function valueArguments(
  tags: Tags,
  { provenance, moved }: MetadataChange,
  folder: string,
): Promise<[replaced: string[], added: string[]]> {
  const replaced = {
    ...(moved ? movedPlaces(tags, moved) : {}),
    ...(moved ? sizes(tags, moved) : {}),
    // A picture without EXIF does not get any.
    ...(provenance && hasExif(tags) ? { 'IFD0:Software': provenance.software } : {}),
  };
  const event = provenance && {
    Action: 'converted',
    SoftwareAgent: provenance.software,
    When: provenance.when,
    Parameters: provenance.parameters,
  };
  return [
    await jsonArgument('-json=', replaced, folder),
    event ? await jsonArgument('-json+=', { 'XMP-xmpMM:History': [event] }, folder) : [],
  ];
}

async function jsonArgument(option: '-json=' | '-json+=', values: Tags, folder: string): Promise<string[]> {
  if (Object.keys(values).length === 0) return [];
  const file = join(folder, option === '-json=' ? 'replaced.json' : 'added.json');
  await writeFile(file, JSON.stringify([{ SourceFile: '*', ...values }]));
  return [`${option}${file}`];
}

const hasExif = (tags: Tags): boolean => Object.keys(tags).some((key) => /^(IFD0|ExifIFD):/.test(key));

/** EXIF's size of the picture, if the original has one. */
function sizes(tags: Tags, { orientation, width, height, scale }: Moved): Tags {
  const [across, down] = orientation > 4 ? [height, width] : [width, height];
  return {
    ...(tags['ExifIFD:ExifImageWidth'] === undefined ? {} : { 'ExifIFD:ExifImageWidth': across * scale }),
    ...(tags['ExifIFD:ExifImageHeight'] === undefined ? {} : { 'ExifIFD:ExifImageHeight': down * scale }),
  };
}

/** Suffix of the temporary file that ExifTool writes next to the one it changes. */
export const EXIFTOOL_PART = '_exiftool_tmp';

const noRoom = /no space left|disk quota|error (writing|closing|flushing)/i;

/** The error messages without ExifTool's counts ("1 image files read"). */
const firstReason = (stderr: string): string =>
  stderr.split('\n').find((line) => line.trim() !== '' && !/^\s*\d+ /.test(line)) ?? 'ExifTool gave no reason';

/** The message without its kind and file name. */
const said = (line: string): string =>
  line
    .trim()
    .replace(/^(Warning|Error): /, '')
    .replace(/ - \S*$/, '');

/** Tags of a RAW file about the photograph, not about the sensor's values. */
const ofPhotograph = [
  ...['Make', 'Model', 'Artist', 'Copyright', 'ModifyDate', 'ImageDescription', 'HostComputer', 'Rating', 'XP*'].map(
    (tag) => `-IFD0:${tag}`,
  ),
  ...['ExifIFD', 'GPS', 'InteropIFD', 'MakerNotes', 'XMP'].map((group) => `-${group}:all`),
];

/** Not copied: the encoder writes these for the result, and carryChunks copies a PNG's text. */
const outdated = [
  'Orientation',
  'IFD1:all',
  'ExifImageWidth',
  'ExifImageHeight',
  'ThumbnailImage',
  'PreviewImage',
  'MPF:all',
  'PNG:all',
];
const outdatedXmp = [
  'XMP-tiff:Orientation',
  'XMP-tiff:ImageWidth',
  'XMP-tiff:ImageHeight',
  'XMP-exif:ExifImageWidth',
  'XMP-exif:ExifImageHeight',
  'XMP-xmp:Thumbnails',
];
/** XMP about pictures and videos that the result does not hold: gain maps, motion photos, depth maps. */
const elsewhere = [
  'XMP-hdrgm:all',
  'XMP-HDRGainMap:all',
  'XMP-GContainer:all',
  'XMP-GCamera:MotionPhoto*',
  'XMP-GCamera:MicroVideo*',
  'XMP-GDepth:all',
  'XMP-GImage:all',
  'XMP-GAudio:all',
];

/**
 * A description by which programs of science find the pictures of a file and their size: ImageJ's, OME-XML, and tifffile's. It holds for
 * the original alone.
 */
const describesStack = /^ImageJ=|<OME[\s>]|^\{"shape":/;

/**
 * The original has no metadata at all, something in it that ExifTool has put right, or strips of JPEG data, which ExifTool
 * takes for a preview.
 */
const harmless = /No writable tags set|\[minor\]|RawConv PreviewImage|Nothing to do/i;
