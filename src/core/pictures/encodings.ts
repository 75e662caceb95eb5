/**
 * Every way in which a picture's pixels can be stored, and what the program does with it: one table for restoring, for
 * data sets, for the tests, and for docs/photographs.md.
 */

/**
 * What a channel after the colours is. `beside`: unspecified in TIFF's terms (a saved selection, a spot colour,
 * infrared).
 */
export type ExtraChannel = 'alpha' | 'premultiplied' | 'beside';

/** How a picture's pixels are stored, according to its header. */
export interface PixelFacts {
  format: string;
  colours: 'grey' | 'rgb' | 'cmyk' | 'lab' | 'ycbcr' | 'other';
  sample: 'unsigned' | 'signed' | 'float' | 'other';
  /** Bits of one sample in the file. */
  bits: number;
  extras: readonly ExtraChannel[];
  /** TIFF's number for its compression; 0 for other formats. */
  compression: number;
  /** TIFF's channels lie in planes of their own. */
  planar: boolean;
  /** The marker of a JPEG's frame; 0 for other formats. */
  frame: number;
  /** The tone curve that a profile, nclx, cICP or gAMA tells. */
  curve: 'ordinary' | 'linear' | 'hdr';
}

export interface Encoding {
  id: string;
  /** Name for users. */
  title: string;
  matches: (facts: PixelFacts) => boolean;
  /** How it is read, computed and written, in a few words each; undefined if it is refused. */
  how?: { read: string; computed: string; written: string };
  /** Read by another decoder than sharp (translate/oddTiff.ts). */
  translated?: true;
  /** Why it is refused and what to do, as a sentence. */
  refused?: string;
  /** Notes for the owner of a restored picture, one sentence each. */
  notes?: readonly string[];
  /** Why the same file cannot be written back unchanged; `mcir edit` refuses then. */
  notInPlace?: string;
}

const colour = ({ colours }: PixelFacts): boolean => colours === 'grey' || colours === 'rgb';
const whole = ({ sample }: PixelFacts): boolean => sample === 'unsigned';
const beside = ({ extras }: PixelFacts): boolean => extras.includes('beside');

/** Where the channel that the colours are multiplied with lies; libvips looks at the first only. */
const premultipliedAt = ({ extras }: PixelFacts): number => extras.indexOf('premultiplied');

/**
 * TIFF's compressions that libvips reads: none, CCITT, LZW, JPEG, Deflate, PackBits, and some of old programs. Old-style JPEG (6) comes
 * out with wrong colours.
 */
const read = new Set([1, 2, 3, 4, 5, 7, 8, 32766, 32771, 32773, 32809, 32908, 32909, 32946, 34676, 34677, 50001]);
const LERC = 34887;
const ZSTD = 50000;
/** JPEG's frames that libjpeg reads: baseline, extended, progressive, lossless, and the first two of them with arithmetic coding. */
const jpegFrames = new Set([0, 0xc0, 0xc1, 0xc2, 0xc3, 0xc9, 0xca]);

const cutOff = 'Floating-point values are written as 16 bits; values above white are cut off.';

/** TIFF has bit depths that no other format has. */
const oddTiff = (facts: PixelFacts): boolean => facts.format === 'tiff' && colour(facts);

/** The first row that matches a picture applies. */
export const encodings: readonly Encoding[] = [
  {
    id: 'jpeg-kinds',
    title: 'JPEG-LS and hierarchical JPEG',
    matches: ({ frame }) => !jpegFrames.has(frame),
    refused: 'JPEG of this kind (JPEG-LS, or hierarchical) cannot be read. Save it as PNG or TIFF.',
  },
  {
    id: 'jpeg-deep',
    title: 'JPEG of more than 8 bits',
    matches: ({ format, bits }) => format === 'jpeg' && bits !== 8,
    refused: 'JPEG with more than 8 bits cannot be read. Save it as PNG or TIFF with 16 bits.',
  },
  {
    id: 'signed',
    title: 'signed whole numbers',
    matches: ({ sample, colours }) => sample === 'signed' && colours !== 'lab',
    refused:
      'The file holds signed whole numbers, for which black and white are not defined. Save it with 16 unsigned bits, or as floating point from 0 to 1.',
  },
  {
    id: 'compression',
    title: 'TIFF compressed with old-style JPEG, LZMA, JPEG 2000, JPEG XL and others that are rare',
    matches: ({ format, compression }) => format === 'tiff' && ![...read, LERC, ZSTD, 0].includes(compression),
    refused: 'TIFF with this compression cannot be read. Save it with LZW or ZIP (Deflate), or without compression.',
  },
  {
    id: 'wide-integers',
    title: 'grey or RGB of 32 bits, whole numbers',
    matches: (facts) => oddTiff(facts) && whole(facts) && facts.bits === 32,
    translated: true,
    how: {
      read: 'white is the largest number, as TIFF says; refused where no number has more than 24 bits',
      computed: 'as 16 bits',
      written: '16 bits',
    },
    notes: ['Whole numbers of 32 bits are written as 16 bits.'],
    notInPlace: 'Whole numbers of 32 bits would become 16 bits.',
  },
  {
    id: 'odd-integers',
    title: 'grey or RGB TIFF of 3, 5 to 7 and 9 to 15 bits',
    matches: (facts) => oddTiff(facts) && whole(facts) && facts.bits < 16 && ![1, 2, 4, 8].includes(facts.bits),
    translated: true,
    how: { read: 'over the whole range of 8 or 16 bits', computed: 'as they are', written: '8 or 16 bits' },
    notInPlace: 'Its depth would become 8 or 16 bits.',
  },
  {
    id: 'odd-floats',
    title: 'TIFF of 64-bit floats, grey of 16-bit floats, and grey floats with premultiplied transparency',
    matches: (facts) =>
      oddTiff(facts) &&
      facts.sample === 'float' &&
      (facts.bits === 64 || (facts.colours === 'grey' && (facts.bits === 16 || premultipliedAt(facts) >= 0))),
    translated: true,
    how: { read: 'as 32-bit floats', computed: "with sRGB's curve", written: 'as 32-bit floats are' },
    notes: [cutOff],
    notInPlace: 'Floating-point values would become 16 bits.',
  },
  {
    id: 'complex',
    title: 'complex numbers and samples of no known kind',
    matches: ({ sample }) => sample === 'other',
    refused: 'The samples of this file are neither whole nor floating-point numbers. Save it with 16 bits.',
  },
  {
    id: 'odd-depth',
    title: 'other depths of TIFF, such as 24 bits, or CMYK of 12 bits',
    matches: ({ sample, bits, colours, format }) =>
      format === 'tiff' &&
      (sample === 'float' ? bits !== 32 && !(bits === 16 && colours === 'rgb') : ![1, 2, 4, 8, 16].includes(bits)),
    refused: 'TIFF of this depth cannot be read. Save it with 16 bits, or with 32-bit floating point.',
  },
  {
    id: 'odd-compression',
    title: 'grey or RGB TIFF compressed with ZSTD or LERC',
    matches: (facts) => oddTiff(facts) && !read.has(facts.compression),
    translated: true,
    how: { read: 'the numbers as they are', computed: 'as without compression', written: 'with Deflate' },
    notInPlace: 'Its compression would become ZIP (Deflate).',
  },
  {
    id: 'odd-compression-colours',
    title: 'other colours compressed with ZSTD or LERC',
    matches: (facts) => facts.format === 'tiff' && !read.has(facts.compression),
    refused: 'TIFF with this compression and these colours cannot be read. Save it with LZW or ZIP (Deflate).',
  },
  {
    id: 'late-premultiplied',
    title: 'premultiplied transparency behind another channel',
    matches: (facts) => oddTiff(facts) && premultipliedAt(facts) > 0,
    translated: true,
    how: {
      read: 'colours divided by their opacity',
      computed: 'colours as without the other channel',
      written: 'unassociated transparency and the same channels',
    },
    notInPlace: 'Its premultiplied transparency would become plain.',
  },
  {
    id: 'ycbcr',
    title: 'YCbCr TIFF without JPEG compression',
    matches: ({ colours }) => colours === 'ycbcr',
    refused: 'TIFF with YCbCr colours is read only with JPEG compression. Save it as RGB.',
  },
  {
    id: 'lab-8',
    title: 'Lab of 8 bits',
    matches: ({ colours, bits }) => colours === 'lab' && bits === 8,
    refused: 'Lab with 8 bits cannot be read. Save it with 16 bits, or as RGB.',
  },
  {
    id: 'lab-planes',
    title: 'Lab stored plane by plane',
    matches: ({ colours, planar }) => colours === 'lab' && planar,
    refused: 'Lab that is stored plane by plane cannot be read. Save it interleaved, or as RGB.',
  },
  {
    id: 'lab-extra',
    title: 'Lab with transparency or a further channel',
    matches: ({ colours, extras }) => colours === 'lab' && extras.length > 0,
    refused: 'Lab with transparency or a further channel cannot be restored. Save it as RGB.',
  },
  {
    id: 'lab',
    title: 'Lab of 16 bits or floats',
    matches: ({ colours }) => colours === 'lab',
    how: { read: 'converted to sRGB', computed: 'as it is in sRGB', written: 'sRGB, 16 bits' },
    notes: ['Lab is restored in sRGB and written so.'],
    notInPlace: 'Lab would become sRGB.',
  },
  {
    id: 'cmyk-extra',
    title: 'CMYK with transparency or a spot colour',
    matches: ({ colours, extras }) => colours === 'cmyk' && extras.length > 0,
    refused: 'CMYK with transparency or a spot colour cannot be restored. Save it without that channel, or as RGB.',
  },
  {
    id: 'cmyk-16',
    title: 'CMYK of 16 bits',
    matches: (facts) => facts.colours === 'cmyk' && whole(facts) && facts.bits === 16,
    how: {
      read: 'converted to sRGB by its profile',
      computed: 'as it is in sRGB',
      written: 'CMYK, 8 bits, by its profile',
    },
    notes: [
      'CMYK is restored in RGB and converted back, which moves its colours a little.',
      'CMYK is written with 8 bits.',
    ],
    notInPlace: 'CMYK with 16 bits would become 8 bits.',
  },
  {
    id: 'cmyk',
    title: 'CMYK of 8 bits',
    matches: (facts) => facts.colours === 'cmyk' && whole(facts),
    how: {
      read: 'converted to sRGB by its profile',
      computed: 'as it is in sRGB',
      written: 'CMYK, 8 bits, by its profile',
    },
    notes: ['CMYK is restored in RGB and converted back, which moves its colours a little.'],
  },
  {
    id: 'other-colours',
    title: 'other colour spaces (ICC Lab, ITU Lab, LogLuv, float CMYK, multichannel)',
    matches: (facts) => !colour(facts),
    refused: 'Pictures in this colour space cannot be restored. Save the file as RGB.',
  },
  {
    id: 'float',
    title: 'floating point, grey or RGB',
    matches: ({ sample }) => sample === 'float',
    how: {
      read: '0 is black and 1 is white, linear light; in data sets the numbers as they are',
      computed: "with sRGB's curve",
      written: "16 bits with sRGB's curve, without the profile; what is above white is cut off",
    },
    notes: [cutOff],
    notInPlace: 'Floating-point values would become 16 bits.',
  },
  {
    id: 'hdr',
    title: 'HDR: PQ or HLG, told by nclx, cICP or a profile',
    matches: ({ curve }) => curve === 'hdr',
    how: {
      read: 'the numbers as they are',
      computed: 'in PQ or HLG, as stored',
      written: 'in its own format only, told in the same way, with at least the same bits',
    },
    notes: ['HDR is restored in its own tone curve (PQ or HLG), which models have not been trained on.'],
  },
  {
    id: 'linear',
    title: 'linear light, told by a profile, nclx, cICP or gAMA',
    matches: (facts) => facts.curve === 'linear' && !beside(facts),
    how: {
      read: 'the numbers as they are',
      computed: "with sRGB's curve",
      written: 'linear again, told in the same way',
    },
  },
  {
    id: 'beside',
    title: 'grey or RGB with channels that are not transparency (selections, spot colours, infrared)',
    matches: beside,
    how: {
      read: 'the numbers as they are, further channels apart',
      computed: 'colours as without them; further channels are only enlarged',
      written: 'TIFF with the same channels of the same meaning; refused for other formats',
    },
  },
  {
    id: 'many-extras',
    title: 'several channels of transparency',
    matches: ({ extras }) => extras.length > 1,
    refused: 'The file has more than one channel of transparency. Save it with one.',
  },
  {
    id: 'premultiplied',
    title: 'associated (premultiplied) transparency',
    matches: ({ extras }) => extras.includes('premultiplied'),
    how: {
      read: 'colours divided by their opacity',
      computed: 'as it is, colours continued under transparency',
      written: 'unassociated transparency, so that no colour is lost',
    },
  },
  {
    id: 'alpha',
    title: 'grey or RGB with transparency',
    matches: ({ extras }) => extras.length === 1,
    how: {
      read: 'the numbers as they are',
      computed: 'as they are, colours continued under transparency',
      written: 'the same depth and profile, transparency enlarged with a cubic',
    },
  },
  {
    id: 'ordinary',
    title: 'grey or RGB of 1 to 16 bits, palettes, white or black as zero',
    matches: () => true,
    how: { read: 'the numbers as they are', computed: 'as they are', written: 'the same depth and profile' },
  },
];

/** The row of the table that applies to a picture. */
export const encodingOf = (facts: PixelFacts): Encoding => encodings.find(({ matches }) => matches(facts)) as Encoding;
