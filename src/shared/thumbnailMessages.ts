/** Request to the process that makes thumbnails in advance, one at a time. */
export interface WantedThumbnail {
  path: string;
  size: number;
}

/** Its reply; without a body if the file is not a readable picture. */
export interface MadeThumbnail {
  body?: Uint8Array;
}
