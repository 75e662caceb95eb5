import { describe, expect, it } from 'vitest';
import { sortShots } from '../../../src/services/restoring/sameShot.ts';

describe('files of one shot in a folder', () => {
  it('a RAW file is preferred to the picture that the camera wrote beside it, and a note says so', () => {
    const { pictures, others, beside } = sortShots(['a/IMG_1.CR2', 'a/IMG_1.JPG', 'a/IMG_2.JPG'], [], 'raw');
    expect(pictures).toEqual(['a/IMG_1.CR2', 'a/IMG_2.JPG']);
    expect(others).toEqual([]);
    expect(beside).toEqual([
      'Pictures that the camera wrote beside their RAW files were left out (1); the RAW files are restored.',
    ]);
  });

  it('the picture or both are used on request', () => {
    const files = ['img_1.heic', 'IMG_1.DNG', 'x.jpg'];
    expect(sortShots(files, [], 'picture').pictures).toEqual(['img_1.heic', 'x.jpg']);
    expect(sortShots(files, [], 'both')).toEqual({ pictures: files, others: [], beside: [] });
  });

  it('a finished TIFF beside a RAW file is a different picture: somebody has edited it', () => {
    expect(sortShots(['a.nef', 'a.tif'], [], 'raw').pictures).toEqual(['a.nef', 'a.tif']);
  });

  it('equal names in other folders are other shots', () => {
    expect(sortShots(['a/1.nef', 'b/1.jpg'], [], 'raw').pictures).toEqual(['a/1.nef', 'b/1.jpg']);
  });

  it('the video of a Live Photo and sidecars belong to their picture; other files do not', () => {
    const { others, beside } = sortShots(
      ['IMG_1.HEIC', 'b.nef'],
      ['IMG_1.MOV', 'IMG_1.aae', 'b.nef.xmp', 'b.xmp', 'holiday.mov', 'c.xmp', 'b.txt'],
      'raw',
    );
    expect(others).toEqual(['holiday.mov', 'c.xmp', 'b.txt']);
    expect(beside).toEqual([
      'Videos that belong to photos (Live Photos) were left out (1); the photos are restored.',
      'Sidecar files that belong to photos were left out (3); what they say is not applied.',
    ]);
  });
});
