import sharp from 'sharp';

/**
 * The only file that loads sharp; the linter enforces this. libvips picks its reader by a file's content, so an SVG
 * named .png would be rendered, and files that it links to would be read. Here every reader is blocked, and then only
 * those for photographs and for our own scratch files (`.v`) are allowed.
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
