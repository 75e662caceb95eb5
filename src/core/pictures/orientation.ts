import type { Inside } from './inside/inside.ts';
import type { Metadata, Sharp } from './sharp.ts';

/** What of a picture tells how it is to be turned. */
type Told = Pick<Metadata, 'orientation' | 'xmp'>;

/**
 * How a picture is to be turned (EXIF's numbers, 1 to 8): by EXIF, wherever it stands in the file, else by XMP, which some programs
 * write alone; 1 where neither tells.
 */
export function orientationOf({ orientation, xmp }: Told, { png }: Pick<Inside, 'png'>): number {
  const exif = orientation ?? png?.orientation;
  if (exif !== undefined) return exif >= 1 && exif <= 8 ? exif : 1;
  const told = /tiff:Orientation(?:="|>)\s*([1-8])\s*["<]/.exec(xmp?.toString('utf8') ?? '')?.[1];
  return Number(told ?? 1);
}

/** Turns a picture upright: by the EXIF that sharp knows of and then removes, or by what stands elsewhere. */
export function turned(image: Sharp, metadata: Told, inside: Pick<Inside, 'png'>): Sharp {
  if (metadata.orientation !== undefined) return image.autoOrient();
  // sharp mirrors before it turns.
  switch (orientationOf(metadata, inside)) {
    case 2:
      return image.flop();
    case 3:
      return image.rotate(180);
    case 4:
      return image.flip();
    case 5:
      return image.flip().rotate(90);
    case 6:
      return image.rotate(90);
    case 7:
      return image.flop().rotate(90);
    case 8:
      return image.rotate(270);
    default:
      return image;
  }
}
