/** What the process that makes thumbnails ahead is asked for, one at a time. */
export interface WantedThumbnail {
  path: string;
  size: number;
}

/** Its answer; without a body where the file is no readable picture. */
export interface MadeThumbnail {
  body?: Uint8Array;
}
