import { z } from 'zod';

/** How a result's pixels relate to those stored in the original. */
export interface Moved {
  /** EXIF's number of the orientation that was applied, 1 to 8. */
  orientation: number;
  /** Pixels of the original as stored, before it is turned. */
  width: number;
  height: number;
  /** Size of the result over that of the original. */
  scale: number;
}

type Tags = Readonly<Record<string, unknown>>;
interface Rectangle {
  x: number;
  y: number;
  w: number;
  h: number;
}

/**
 * Places in the picture that metadata describe, after the picture was rotated and enlarged: faces and focus (MWG,
 * Microsoft, ACDSee, IPTC), EXIF's subject, Camera Raw's crop, and the sizes of panoramas.
 * @param tags of the original, by group and name, with structures and numbers
 * @returns new values by ExifTool's names; places that cannot be parsed stay as they are
 */
export function movedPlaces(tags: Tags, moved: Moved): Record<string, unknown> {
  const turns = moved.orientation > 1;
  return {
    ...mwgRegions(tags, moved, 'XMP-mwg-rs:RegionInfo', ['Area']),
    ...mwgRegions(tags, moved, 'XMP-acdsee-rs:RegionInfoACDSee', ['DLYArea', 'ALGArea']),
    ...(turns ? microsoftRegions(tags, moved) : {}),
    ...imageRegions(tags, moved),
    ...subject(tags, moved),
    ...(turns ? crop(tags, moved) : {}),
    ...panorama(tags, moved),
  };
}

/** A point in a picture of 1 by 1 (or, with a size, of so many pixels), turned upright. */
function turnPoint([x, y]: readonly [number, number], orientation: number, width = 1, height = 1): [number, number] {
  switch (orientation) {
    case 2:
      return [width - x, y];
    case 3:
      return [width - x, height - y];
    case 4:
      return [x, height - y];
    case 5:
      return [y, x];
    case 6:
      return [height - y, x];
    case 7:
      return [height - y, width - x];
    case 8:
      return [y, width - x];
    default:
      return [x, y];
  }
}

const swaps = (orientation: number): boolean => orientation > 4;

/** A rectangle given by its upper left corner. */
function turnRectangle({ x, y, w, h }: Rectangle, orientation: number, width = 1, height = 1): Rectangle {
  const [centreX, centreY] = turnPoint([x + w / 2, y + h / 2], orientation, width, height);
  const [newW, newH] = swaps(orientation) ? [h, w] : [w, h];
  return { x: centreX - newW / 2, y: centreY - newH / 2, w: newW, h: newH };
}

/** Rounds off floating-point noise. */
const tidy = (value: number): number => Number(value.toFixed(9));

const dimensions = z.looseObject({ W: z.coerce.number(), H: z.coerce.number(), Unit: z.unknown().optional() });
const area = z.looseObject({
  X: z.coerce.number(),
  Y: z.coerce.number(),
  W: z.coerce.number().optional(),
  H: z.coerce.number().optional(),
});
const regions = z.looseObject({
  AppliedToDimensions: dimensions.optional(),
  RegionList: z.array(z.looseObject({})).or(z.looseObject({}).transform((one) => [one])),
});

/** Regions of the Metadata Working Group: centre and size, as shares of the picture they apply to. */
function mwgRegions(tags: Tags, moved: Moved, name: string, areas: readonly string[]): Tags {
  const parsed = regions.safeParse(tags[name]);
  if (!parsed.success) return {};
  const { AppliedToDimensions: applied, RegionList, ...rest } = parsed.data;
  // If they apply to the upright picture already, only its size changes.
  const upright =
    applied !== undefined &&
    swaps(moved.orientation) &&
    applied.W === moved.height &&
    applied.H === moved.width &&
    moved.width !== moved.height;
  const orientation = upright ? 1 : moved.orientation;
  const turned = RegionList.map((region) => ({
    ...region,
    ...Object.fromEntries(
      areas.flatMap((key) => {
        const place = area.safeParse(region[key]);
        return place.success ? [[key, turnArea(place.data, orientation)]] : [];
      }),
    ),
  }));
  const [w, h] = applied ? turnSize(applied.W, applied.H, orientation) : [0, 0];
  return {
    [name]: {
      ...rest,
      ...(applied
        ? { AppliedToDimensions: { ...applied, W: Math.round(w * moved.scale), H: Math.round(h * moved.scale) } }
        : {}),
      RegionList: turned,
    },
  };
}

const turnSize = (w: number, h: number, orientation: number): [number, number] =>
  swaps(orientation) ? [h, w] : [w, h];

function turnArea(place: z.infer<typeof area>, orientation: number): z.infer<typeof area> {
  const [x, y] = turnPoint([place.X, place.Y], orientation);
  const { W, H } = place;
  const turned = swaps(orientation) ? { W: H, H: W } : { W, H };
  const size = W === undefined || H === undefined ? {} : turned;
  return { ...place, X: tidy(x), Y: tidy(y), ...size };
}

const microsoft = z.looseObject({
  Regions: z.array(z.looseObject({})).or(z.looseObject({}).transform((one) => [one])),
});

/** Microsoft's regions: "left, top, width, height" as shares of the stored picture. */
function microsoftRegions(tags: Tags, { orientation }: Moved): Tags {
  const parsed = microsoft.safeParse(tags['XMP-MP:RegionInfoMP']);
  if (!parsed.success) return {};
  const Regions = parsed.data.Regions.map((region) => {
    const [x, y, w, h] = numbers(region['Rectangle']);
    if (x === undefined || y === undefined || w === undefined || h === undefined) return region;
    const turned = turnRectangle({ x, y, w, h }, orientation);
    return { ...region, Rectangle: [turned.x, turned.y, turned.w, turned.h].map(tidy).join(', ') };
  });
  return { 'XMP-MP:RegionInfoMP': { ...parsed.data, Regions } };
}

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

const numbers = (value: unknown): number[] =>
  (Array.isArray(value) ? value.map(String) : asText(value).split(/[\s,]+/))
    .filter((part) => part !== '')
    .map(Number)
    .filter(Number.isFinite);

const boundary = z.looseObject({
  RbShape: z.string().optional(),
  RbUnit: z.string().optional(),
  RbX: z.coerce.number().optional(),
  RbY: z.coerce.number().optional(),
  RbW: z.coerce.number().optional(),
  RbH: z.coerce.number().optional(),
  RbRx: z.coerce.number().optional(),
  RbVertices: z.array(z.looseObject({ RbX: z.coerce.number(), RbY: z.coerce.number() })).optional(),
});
const imageRegion = z.array(z.looseObject({ RegionBoundary: boundary.optional() }));

/** Regions of IPTC Extension: rectangles by their upper left corner, circles by their centre, polygons; shares or pixels. */
function imageRegions(tags: Tags, moved: Moved): Tags {
  const name = 'XMP-iptcExt:ImageRegion';
  const given = tags[name];
  const parsed = imageRegion.safeParse(given === undefined ? undefined : [given].flat());
  if (!parsed.success) return {};
  const list = parsed.data.map((region) =>
    region.RegionBoundary ? { ...region, RegionBoundary: turnBoundary(region.RegionBoundary, moved) } : region,
  );
  return { [name]: list };
}

function turnBoundary(place: z.infer<typeof boundary>, moved: Moved): z.infer<typeof boundary> {
  const inPixels = place.RbUnit === 'pixel';
  const [width, height, scale] = inPixels ? [moved.width, moved.height, moved.scale] : [1, 1, 1];
  const point = (x: number, y: number): { RbX: number; RbY: number } => {
    const [newX, newY] = turnPoint([x, y], moved.orientation, width, height);
    return { RbX: tidy(newX * scale), RbY: tidy(newY * scale) };
  };
  const { RbX: x, RbY: y, RbW: w, RbH: h, RbRx: radius, RbVertices: vertices } = place;
  if (vertices) return { ...place, RbVertices: vertices.map((each) => ({ ...each, ...point(each.RbX, each.RbY) })) };
  if (x === undefined || y === undefined) return place;
  if (w === undefined || h === undefined)
    return { ...place, ...point(x, y), ...(radius === undefined ? {} : { RbRx: tidy(radius * scale) }) };
  const turned = turnRectangle({ x, y, w, h }, moved.orientation, width, height);
  return {
    ...place,
    RbX: tidy(turned.x * scale),
    RbY: tidy(turned.y * scale),
    RbW: tidy(turned.w * scale),
    RbH: tidy(turned.h * scale),
  };
}

/** EXIF's SubjectArea (a point, a circle, or a rectangle by its centre) and SubjectLocation, in pixels. */
function subject(tags: Tags, { orientation, width, height, scale }: Moved): Tags {
  const changes: Record<string, unknown> = {};
  for (const name of [
    'ExifIFD:SubjectArea',
    'ExifIFD:SubjectLocation',
    'XMP-exif:SubjectArea',
    'XMP-exif:SubjectLocation',
  ]) {
    const [x, y, ...size] = numbers(tags[name]);
    if (x === undefined || y === undefined) continue;
    const turnedSize = swaps(orientation) && size.length === 2 ? size.reverse() : size;
    const values = [...turnPoint([x, y], orientation, width, height), ...turnedSize].map((value) =>
      Math.round(value * scale),
    );
    changes[name] = Array.isArray(tags[name]) ? values : values.join(' ');
  }
  return changes;
}

/**
 * Camera Raw's crop as shares of the stored picture; if it has been applied, it describes a picture that is not
 * available here.
 */
function crop(tags: Tags, { orientation }: Moved): Tags {
  const side = (name: string): number => Number(tags[`XMP-crs:Crop${name}`] ?? NaN);
  const [left, top, right, bottom] = [side('Left'), side('Top'), side('Right'), side('Bottom')];
  if ([left, top, right, bottom].some(Number.isNaN) || /^true$/i.test(String(tags['XMP-crs:AlreadyApplied'])))
    return {};
  const turned = turnRectangle({ x: left, y: top, w: right - left, h: bottom - top }, orientation);
  return {
    'XMP-crs:CropLeft': tidy(turned.x),
    'XMP-crs:CropTop': tidy(turned.y),
    'XMP-crs:CropRight': tidy(turned.x + turned.w),
    'XMP-crs:CropBottom': tidy(turned.y + turned.h),
  };
}

/** Google's panoramas: sizes and places in pixels of the stored picture. */
function panorama(tags: Tags, { orientation, scale }: Moved): Tags {
  const value = (name: string): number | undefined => {
    const found = tags[`XMP-GPano:${name}`];
    return found === undefined || !Number.isFinite(Number(found)) ? undefined : Number(found);
  };
  const changes: Record<string, number> = {};
  const set = (name: string, pixels: number | undefined): void => {
    if (pixels !== undefined) changes[`XMP-GPano:${name}`] = Math.round(pixels * scale);
  };
  const [fullW, fullH] = [value('FullPanoWidthPixels'), value('FullPanoHeightPixels')];
  const sized = (w: string, h: string): void => {
    const pair = swaps(orientation) ? [value(h), value(w)] : [value(w), value(h)];
    set(w, pair[0]);
    set(h, pair[1]);
  };
  sized('FullPanoWidthPixels', 'FullPanoHeightPixels');
  sized('SourceImageWidthPixels', 'SourceImageHeightPixels');
  for (const [left, top, w, h] of [
    ['CroppedAreaLeftPixels', 'CroppedAreaTopPixels', 'CroppedAreaImageWidthPixels', 'CroppedAreaImageHeightPixels'],
    [
      'LargestValidInteriorRectLeft',
      'LargestValidInteriorRectTop',
      'LargestValidInteriorRectWidth',
      'LargestValidInteriorRectHeight',
    ],
  ] as const) {
    const [x, y, width, height] = [value(left), value(top), value(w), value(h)];
    if (x === undefined || y === undefined || width === undefined || height === undefined || !fullW || !fullH) {
      set(left, x);
      set(top, y);
      sized(w, h);
      continue;
    }
    const turned = turnRectangle({ x, y, w: width, h: height }, orientation, fullW, fullH);
    set(left, turned.x);
    set(top, turned.y);
    set(w, turned.w);
    set(h, turned.h);
  }
  return changes;
}
