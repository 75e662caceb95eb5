import sharp from 'sharp';

/**
 * The one place that loads sharp; the linter keeps every other file from doing so. libvips picks its reader by a file's
 * content, so an SVG named .png would be rendered and what it links to would be read. Here every reader is blocked, and
 * then only those of photographs, and of our own scratch files (`.v`), are allowed again.
 */
const allowedReaders = ['Jpeg', 'Png', 'Webp', 'Tiff', 'Nsgif', 'Heif', 'Vips'];

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: allowedReaders.flatMap((reader) =>
    ['', 'File', 'Buffer'].map((source) => `VipsForeignLoad${reader}${source}`),
  ),
});

export default sharp;
export type { Metadata, OverlayOptions, Sharp } from 'sharp';
