/**
 * Where a position can be hidden in metadata, by ExifTool's names for the tags of all makers and standards: EXIF's GPS
 * block, XMP of EXIF, IPTC Extension, Darwin Core, drones and devices, GeoTIFF, and maker notes.
 */

/** Words in a tag's name, or in other text, that indicate a position. */
export const POSITION_WORDS =
  /gps|geo(tiff|tag|hash|reference|detic|graph|location|position)|latitude|longti?tude|altitude|coordinate|footprint|verbatim|model(tiepoint|transform)|pixelscale|earthpos/i;

/** The same words with another meaning: film speeds, light on a layer's effect, places in the picture. */
const OTHERWISE = /ISOSpeedLatitude|GlobalAltitude|(AF|ROI|Face|Focus)\w*Coordinate|GeoSync/i;

/** Whether a tag, by ExifTool's name for it, says where a picture was taken or what it shows. */
export const isPositionTag = (name: string): boolean => POSITION_WORDS.test(name) && !OTHERWISE.test(name);

/** Names with which ExifTool is asked for all possible positions; `*` stands for any letters. */
export const positionQueries: readonly string[] = [
  'gps',
  'geo',
  'latitude',
  'longitude',
  'longtitude',
  'altitude',
  'coordinate',
  'footprint',
  'verbatim',
  'modeltiepoint',
  'modeltransform',
  'pixelscale',
  'earthpos',
].map((word) => `-*${word}*`);
