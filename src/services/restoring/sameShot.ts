import { basename } from 'node:path';
import { stemOf } from '../../core/data/files.ts';
import { endingOf, isRawName } from '../../shared/fileKinds.ts';

/** Which file to restore if a camera wrote a shot both as RAW and as a finished picture. */
export type RawOrPicture = 'raw' | 'picture' | 'both';

/** Pictures that cameras and phones write beside a RAW file. */
const cameraPictures = new Set(['jpg', 'jpeg', 'jpe', 'heic', 'heif', 'hif']);
/** Files that belong to a picture but hold none: settings of RAW developers, thumbnails and sound. */
const sidecars = new Set(['xmp', 'aae', 'pp3', 'dop', 'thm', 'wav', 'arp', 'cos', 'on1', 'xml']);
const videos = new Set(['mov', 'mp4']);

export interface SameShot {
  /** The pictures to restore, in their order. */
  pictures: string[];
  /** Files that are neither pictures nor belong to one. */
  others: string[];
  /** What is left out because it belongs to a picture, one sentence per kind. */
  beside: string[];
}

/**
 * Groups the files of a folder by shot, that is, by name without extension. Of a RAW file and the camera's picture with
 * the same name, one is restored. Sidecars, and the video of a Live Photo, belong to their picture.
 * @param pictures relative paths of pictures
 * @param others relative paths of other files
 */
export function sortShots(pictures: readonly string[], others: readonly string[], prefer: RawOrPicture): SameShot {
  const shots = Map.groupBy(pictures, shotOf);
  const kept = pictures.filter((path) => {
    const names = shots.get(shotOf(path)) ?? [];
    const pair = names.some(isRawName) && names.some(isCameraPicture);
    if (!pair || prefer === 'both') return true;
    return prefer === 'raw' ? !isCameraPicture(path) : !isRawName(path);
  });
  const belongs = (kinds: ReadonlySet<string>) => (path: string) => kinds.has(endingOf(path)) && belongsTo(shots, path);
  const ofPictures = others.filter(belongs(sidecars));
  const ofLive = others.filter(belongs(videos));
  const left = pictures.length - kept.length;
  return {
    pictures: kept,
    others: others.filter((path) => !ofPictures.includes(path) && !ofLive.includes(path)),
    beside: [
      ...(left > 0
        ? [
            prefer === 'raw'
              ? `Pictures that the camera wrote beside their RAW files were left out (${left}); the RAW files are restored.`
              : `RAW files that lie beside their pictures were left out (${left}); the pictures are restored.`,
          ]
        : []),
      ...(ofLive.length > 0
        ? [`Videos that belong to photos (Live Photos) were left out (${ofLive.length}); the photos are restored.`]
        : []),
      ...(ofPictures.length > 0
        ? [`Sidecar files that belong to photos were left out (${ofPictures.length}); what they say is not applied.`]
        : []),
    ],
  };
}

const isCameraPicture = (path: string): boolean => cameraPictures.has(endingOf(path));

/** On some cards, names differ only in case. */
const shotOf = (path: string): string => stemOf(path).toLowerCase();

/** A sidecar is named like its picture, with or without the picture's own ending (`a.xmp`, `a.nef.xmp`). */
const belongsTo = (shots: ReadonlyMap<string, unknown>, path: string): boolean => {
  const shot = shotOf(path);
  return shots.has(shot) || (/\.\w+$/.test(basename(shot)) && shots.has(shotOf(shot)));
};
