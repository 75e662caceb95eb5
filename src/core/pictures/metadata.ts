import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { askExiftool } from './exiftool.ts';
import { type Moved, movedPlaces } from './movedPlaces.ts';
import { isPositionTag, positionQueries } from './positions.ts';
import { unpackedJxl } from './unpackedJxl.ts';

export interface MetadataChange {
  /** What is left out. */
  strip: 'none' | 'gps' | 'all';
  /** Noted as `Software` and as an event in the XMP history; see services/restoring/provenance.ts. */
  provenance?: { software: string; when: string; parameters: string };
  /** The original is a RAW file: what tells how to develop it does not hold for the developed picture. */
  developed?: boolean;
  /** How the pixels were turned and enlarged; by default not at all. */
  moved?: Moved;
}

type Tags = Record<string, unknown>;

/**
 * Carries metadata from file to file with ExifTool, which knows them all; sharp's own way loses GPS figures, IPTC in some
 * formats, and maker notes. Each call is a process of its own: the one that stays open would outlive a killed worker.
 * Values go to ExifTool in JSON files, and never in arguments, where some characters are syntax.
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
   * Copies the original's metadata into a written result and corrects what no longer holds: orientation, sizes, thumbnail,
   * places in the picture, and what belonged to parts of the file that the result does not have.
   * @returns warnings, each a sentence
   * @throws AppError `unsupported` where GPS is to be removed and cannot be, `io` where the disk is full or as {@link askExiftool}
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
    // XMP goes along as it is, with what ExifTool does not know. Parts of it that lie elsewhere, or positions in parts that
    // ExifTool does not know, do not allow that.
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
      ...(isStack(tags['IFD0:ImageDescription']) ? ['-IFD0:ImageDescription='] : []),
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
    // What it writes beside the result stays where it is killed, and would keep it from writing again.
    const tidy = (): Promise<void> => rm(`${to}${EXIFTOOL_PART}`, { force: true });
    const common = ['-common_args', '-overwrite_original', '-q', '-n', '-api', 'NoMandatory=1', resolve(to)];
    const commands = steps
      .filter((step) => step.length > 0)
      .flatMap((step, i) => (i > 0 ? ['-execute', ...step] : step));
    // It fails where there is nothing to copy, too; what it says tells which.
    const { stderr, code } = await askExiftool([...commands, ...common], {
      quiet: true,
      before: tidy,
    }).finally(tidy);
    const told = stderr.split('\n').filter((line) => line.trim() !== '');
    const lines = told.filter((line) => !harmless.test(line));
    // Without room the result would lose its metadata: the picture is tried again when there is some.
    if (lines.some((line) => noRoom.test(line)))
      throw new AppError('io', 'The disk is too full for the result. Free some space and try again.');
    // It writes nothing after an error, however minor it calls it.
    const refusal = lines[0] ?? told.find((line) => line.startsWith('Error: '));
    if (strip === 'gps' && code !== 0 && refusal !== undefined)
      throw new AppError(
        'unsupported',
        `The location could not be removed from this file (${said(refusal)}). Remove all metadata instead.`,
      );
    return [...new Set(lines.map((line) => `Metadata: ${said(line)}.`))];
  }

  /**
   * All metadata of files by group and name (`IFD0:Artist`), as ExifTool tells them.
   * @throws AppError `unsupported` where ExifTool cannot run, `bad-input` for a file that it cannot read, or as {@link askExiftool}
   */
  read(...files: string[]): Promise<Tags[]> {
    return this.#ask(['-G1', '-struct', '-n'], files);
  }

  /** Tags that tell a position, wherever they stand. */
  async #positions(file: string): Promise<{ family: string; group: string; name: string }[]> {
    const [tags = {}] = await this.#ask(['-G0:1', '-a', '-n', ...positionQueries], [file]);
    return Object.keys(tags).flatMap((key) => {
      const parts = key.split(':');
      const [family = '', group = family] = parts;
      const name = parts.at(-1) ?? '';
      // Composite tags are made from others.
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

/** In the path of the file that it copies from, ExifTool takes `%d`, `%f` and others for parts of another path. */
async function safeSource(from: string, folder: string): Promise<string> {
  const path = resolve(from);
  if (!path.includes('%')) return path;
  const safe = join(folder, `original${/^\.\w+$/.test(extname(path)) ? extname(path) : ''}`);
  await symlink(path, safe);
  return safe;
}

/**
 * What is written new: values that replace others, and an event that is added to the history, in JSON files. ExifTool takes
 * only one of them at a time.
 */
async function valueArguments(
  tags: Tags,
  { provenance, moved }: MetadataChange,
  folder: string,
): Promise<[replaced: string[], added: string[]]> {
  const replaced = {
    ...(moved ? movedPlaces(tags, moved) : {}),
    ...(moved ? sizes(tags, moved) : {}),
    // A picture without EXIF gets none.
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

/** EXIF's size of the picture, where the original tells one. */
function sizes(tags: Tags, { orientation, width, height, scale }: Moved): Tags {
  const [across, down] = orientation > 4 ? [height, width] : [width, height];
  return {
    ...(tags['ExifIFD:ExifImageWidth'] === undefined ? {} : { 'ExifIFD:ExifImageWidth': across * scale }),
    ...(tags['ExifIFD:ExifImageHeight'] === undefined ? {} : { 'ExifIFD:ExifImageHeight': down * scale }),
  };
}

/** Ending of the file that ExifTool writes beside the one it changes. */
export const EXIFTOOL_PART = '_exiftool_tmp';

const noRoom = /no space left|disk quota|error (writing|closing|flushing)/i;

/** What went wrong, without its counts ("1 image files read"). */
const firstReason = (stderr: string): string =>
  stderr.split('\n').find((line) => line.trim() !== '' && !/^\s*\d+ /.test(line)) ?? 'ExifTool gave no reason';

/** Its message without what kind it is and of which file. */
const said = (line: string): string =>
  line
    .trim()
    .replace(/^(Warning|Error): /, '')
    .replace(/ - \S*$/, '');

/** What of a RAW file tells of the photograph, and not of the sensor's values. */
const ofPhotograph = [
  ...['Make', 'Model', 'Artist', 'Copyright', 'ModifyDate', 'ImageDescription', 'HostComputer', 'Rating', 'XP*'].map(
    (tag) => `-IFD0:${tag}`,
  ),
  ...['ExifIFD', 'GPS', 'InteropIFD', 'MakerNotes', 'XMP'].map((group) => `-${group}:all`),
];

/** Not copied: the encoder writes them, as the result is; a PNG's text is carried by carryChunks. */
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
/** XMP that speaks of pictures and videos which the result does not hold: gain maps, motion photos, depth maps. */
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
const isStack = (description: unknown): boolean =>
  typeof description === 'string' && /^ImageJ=|<OME[\s>]|^\{"shape":/.test(description);

/**
 * The original has no metadata at all, something in it that ExifTool has put right, or strips of JPEG data, which ExifTool
 * takes for a preview.
 */
const harmless = /No writable tags set|\[minor\]|RawConv PreviewImage|Nothing to do/i;
