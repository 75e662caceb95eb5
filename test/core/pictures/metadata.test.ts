import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exiftoolPath } from 'exiftool-vendored';
import sharp from '../../../src/core/pictures/sharp.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { MetadataTool } from '../../../src/core/pictures/metadata.ts';
import { movedPlaces } from '../../../src/core/pictures/movedPlaces.ts';
import { isPositionTag } from '../../../src/core/pictures/positions.ts';
import { installed, temporaryFolder } from '../../photographs.ts';

const folder = temporaryFolder();
const tool = new MetadataTool();
let exiftool: string;
const ask = (...args: string[]): string => execFileSync(exiftool, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
const tags = (file: string, ...args: string[]): Record<string, unknown> =>
  (JSON.parse(ask('-j', '-a', '-G1', '-n', '-struct', ...args, file)) as Record<string, unknown>[])[0] ?? {};

const flat = (file: string): Record<string, unknown> =>
  (JSON.parse(ask('-j', '-a', '-G1', '-n', file)) as Record<string, unknown>[])[0] ?? {};

let count = 0;
async function picture(extension = 'jpg'): Promise<string> {
  const file = join(folder, `picture-${++count}.${extension}`);
  await sharp({ create: { width: 80, height: 60, channels: 3, background: '#864' } }).toFile(file);
  return file;
}
const write = (file: string, ...args: string[]): void =>
  void ask('-q', '-q', '-overwrite_original', '-n', ...args, file);

beforeAll(async () => {
  exiftool = await exiftoolPath();
});

describe.skipIf(!installed('perl', '-v'))('metadata (ExifTool needs perl)', () => {
  it('of a position are removed wherever ExifTool knows one, by its own names', async () => {
    // Every tag that can be written into a JPEG and whose name speaks of a position.
    const listed = ['XMP', 'EXIF', 'GPS'].flatMap((group) =>
      ask('-listw', `-${group}:all`).split(/\s+/).filter(isPositionTag),
    );
    expect(listed.length).toBeGreaterThan(60);
    const original = await picture();
    const values = listed.flatMap((name) => [`-XMP:${name}=1`, `-EXIF:${name}=1`]);
    writeFileSync(join(folder, 'values.args'), values.join('\n'));
    // Some of them take other values; most are written.
    execFileSync(
      exiftool,
      ['-q', '-q', '-overwrite_original', '-n', '-m', '-@', join(folder, 'values.args'), original],
      {
        stdio: 'ignore',
      },
    );
    write(original, '-XMP-iptcExt:LocationShown={City=Zurich,GPSLatitude=47.3,GPSLongitude=8.5}', '-XMP-dc:Title=Lake');
    const places = (file: string): string[] =>
      Object.keys(flat(file)).filter((key) => isPositionTag(key.replace(/^.*:/, '')) && !key.startsWith('Composite'));
    expect(places(original).length).toBeGreaterThan(40);
    const result = await picture();
    const warnings = await tool.transfer(original, result, { strip: 'gps' });
    // One number is no GeoTIFF, which ExifTool remarks on.
    expect(warnings.filter((warning) => !warning.includes('GeoTiff'))).toEqual([]);
    expect(places(result)).toEqual([]);
    expect(tags(result)).toMatchObject({
      'XMP-dc:Title': 'Lake',
      'XMP-iptcExt:LocationShown': [{ City: 'Zurich' }],
    });
  });

  it('film speeds and the like are no positions', () => {
    expect(
      ['ISOSpeedLatitudeyyy', 'GlobalAltitude', 'LongExposureNoiseReduction', 'City'].filter(isPositionTag),
    ).toEqual([]);
  });

  it('XMP that ExifTool does not know, IPTC in UTF-8 and in Latin-1 stay to the letter', async () => {
    const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/" xmlns:own="http://example.org/own/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" tiff:Orientation="6" own:thing="x"><darktable:history><rdf:Seq><rdf:li darktable:operation="exposure" darktable:params="00ff"/></rdf:Seq></darktable:history></rdf:Description></rdf:RDF></x:xmpmeta>`;
    writeFileSync(join(folder, 'packet.xmp'), packet);
    const original = await picture();
    write(original, `-XMP<=${join(folder, 'packet.xmp')}`);
    write(original, '-IPTC:CodedCharacterSet=UTF8', '-IPTC:City=Łódź', '-IPTC:Keywords=日本');
    for (const extension of ['jpg', 'tif', 'webp', 'png']) {
      const result = await picture(extension);
      expect(await tool.transfer(original, result, { strip: 'none' })).toEqual([]);
      const after = tags(result);
      expect(after).toMatchObject({
        'XMP-own:Thing': 'x',
        'XMP-darktable:History': [{ Operation: 'exposure', Params: '00ff' }],
      });
      expect([after['XMP-tiff:Orientation'], after['XMP-hdrgm:Version']]).toEqual([undefined, undefined]);
      if (extension !== 'webp') expect([after['IPTC:City'], after['IPTC:Keywords']]).toEqual(['Łódź', '日本']);
    }
    const latin = await picture();
    write(latin, '-IPTC:Caption-Abstract=Zürich');
    const copied = await picture();
    await tool.transfer(latin, copied, { strip: 'none' });
    expect(tags(copied)['IPTC:Caption-Abstract']).toBe('Zürich');
  });

  it('of a picture without EXIF do not become EXIF, and what is written is no syntax', async () => {
    const words = 'A {model}|, [x]\n-Artist=Eve $tag %d "quoted"';
    const provenance = { software: words, when: '2026-01-02T03:04:05Z', parameters: JSON.stringify({ words }) };
    const bare = await picture();
    const result = await picture();
    expect(await tool.transfer(bare, result, { strip: 'none', provenance })).toEqual([]);
    const after = tags(result);
    expect(Object.keys(after).filter((key) => /^(IFD0|ExifIFD)/.test(key))).toEqual([]);
    expect(after['XMP-xmpMM:History']).toMatchObject([{ SoftwareAgent: words, Parameters: JSON.stringify({ words }) }]);
    const withExif = await picture();
    write(withExif, '-api', 'NoMandatory=1', '-IFD0:Artist=Ada');
    await tool.transfer(withExif, result, { strip: 'none', provenance });
    const exif = tags(result);
    expect(Object.keys(exif).filter((key) => /^(IFD0|ExifIFD)/.test(key))).toEqual(['IFD0:Software', 'IFD0:Artist']);
  });

  it('are copied from paths that ExifTool would read as codes', async () => {
    const odd = join(folder, '100%d %f', 'a%e.jpg');
    mkdirSync(join(folder, '100%d %f'));
    const original = await picture();
    write(original, '-Artist=Ada');
    copyFileSync(original, odd);
    const result = join(folder, '100%d %f', 'b%d.jpg');
    copyFileSync(await picture(), result);
    expect(await tool.transfer(odd, result, { strip: 'none' })).toEqual([]);
    expect(tags(result)['IFD0:Artist']).toBe('Ada');
  });

  it('that cannot be read are reported in one sentence', async () => {
    const missing = join(folder, 'missing.jpg');
    await expect(tool.read(await picture(), missing)).rejects.toThrow(
      /^The metadata cannot be read: File not found[^\n]*\.$/,
    );
  });

  it('that describe places in the picture are rotated and enlarged with it', async () => {
    const original = await picture();
    write(
      original,
      '-XMP-mwg-rs:RegionInfo={AppliedToDimensions={W=80,H=60,Unit=pixel},RegionList=[{Area={X=0.25,Y=0.2,W=0.1,H=0.3,Unit=normalized},Name=Some|, body,Type=Face}]}',
      '-XMP-MP:RegionInfoMP={Regions=[{PersonDisplayName=Somebody,Rectangle=0.2|, 0.15|, 0.1|, 0.3}]}',
      '-Orientation=6',
      '-SubjectArea=20 12 8 6',
      '-XMP-GPano:FullPanoWidthPixels=128',
      '-XMP-GPano:FullPanoHeightPixels=64',
    );
    const result = await picture();
    const moved = { orientation: 6, width: 80, height: 60, scale: 2 };
    expect(await tool.transfer(original, result, { strip: 'none', moved })).toEqual([]);
    const after = tags(result);
    expect(after['XMP-mwg-rs:RegionInfo']).toMatchObject({
      AppliedToDimensions: { W: 120, H: 160 },
      RegionList: [{ Area: { X: 0.8, Y: 0.25, W: 0.3, H: 0.1 }, Name: 'Some, body', Type: 'Face' }],
    });
    expect(after['XMP-MP:RegionInfoMP']).toMatchObject({ Regions: [{ Rectangle: '0.55, 0.2, 0.3, 0.1' }] });
    expect(after['ExifIFD:SubjectArea']).toBe('96 40 12 16');
    expect([after['XMP-GPano:FullPanoWidthPixels'], after['XMP-GPano:FullPanoHeightPixels']]).toEqual([128, 256]);
  });
});

describe('places in the picture', () => {
  const face = (X: number, Y: number) => ({
    'XMP-mwg-rs:RegionInfo': {
      AppliedToDimensions: { W: 80, H: 60, Unit: 'pixel' },
      RegionList: [{ Area: { X, Y, W: 0.1, H: 0.2 } }],
    },
  });
  it.each([
    [1, 0.25, 0.2, 0.1, 0.2],
    [2, 0.75, 0.2, 0.1, 0.2],
    [3, 0.75, 0.8, 0.1, 0.2],
    [4, 0.25, 0.8, 0.1, 0.2],
    [5, 0.2, 0.25, 0.2, 0.1],
    [6, 0.8, 0.25, 0.2, 0.1],
    [7, 0.8, 0.75, 0.2, 0.1],
    [8, 0.2, 0.75, 0.2, 0.1],
  ])('follow orientation %i as sharp turns pixels', async (orientation, X, Y, W, H) => {
    const moved = movedPlaces(face(0.25, 0.2), { orientation, width: 80, height: 60, scale: 1 });
    expect(moved['XMP-mwg-rs:RegionInfo']).toMatchObject({ RegionList: [{ Area: { X, Y, W, H } }] });
    // A red point at that place of the stored picture.
    const dot = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const stored = await sharp({ create: { width: 80, height: 60, channels: 3, background: 'blue' } })
      .composite([{ input: dot, left: 19, top: 11 }])
      .withMetadata({ orientation })
      .png()
      .toBuffer();
    const { data, info } = await sharp(stored).autoOrient().raw().toBuffer({ resolveWithObject: true });
    const at = (Math.floor(Y * info.height) * info.width + Math.floor(X * info.width)) * info.channels;
    expect(data[at]).toBe(255);
  });

  it('that apply to the upright picture already are only enlarged', () => {
    const tags = face(0.25, 0.2);
    tags['XMP-mwg-rs:RegionInfo'].AppliedToDimensions = { W: 60, H: 80, Unit: 'pixel' };
    expect(
      movedPlaces(tags, { orientation: 6, width: 80, height: 60, scale: 3 })['XMP-mwg-rs:RegionInfo'],
    ).toMatchObject({
      AppliedToDimensions: { W: 180, H: 240 },
      RegionList: [{ Area: { X: 0.25, Y: 0.2 } }],
    });
  });

  it('of IPTC Extension and Camera Raw follow too', () => {
    const moved = movedPlaces(
      {
        'XMP-iptcExt:ImageRegion': [
          { Name: 'a', RegionBoundary: { RbShape: 'rectangle', RbUnit: 'pixel', RbX: 8, RbY: 6, RbW: 16, RbH: 12 } },
          { Name: 'b', RegionBoundary: { RbShape: 'circle', RbUnit: 'relative', RbX: 0.25, RbY: 0.2, RbRx: 0.1 } },
        ],
        'XMP-crs:CropLeft': 0.1,
        'XMP-crs:CropTop': 0.2,
        'XMP-crs:CropRight': 0.9,
        'XMP-crs:CropBottom': 0.8,
      },
      { orientation: 8, width: 80, height: 60, scale: 2 },
    );
    expect(moved).toMatchObject({
      'XMP-iptcExt:ImageRegion': [
        { Name: 'a', RegionBoundary: { RbX: 12, RbY: 112, RbW: 24, RbH: 32 } },
        { Name: 'b', RegionBoundary: { RbX: 0.2, RbY: 0.75, RbRx: 0.1 } },
      ],
      'XMP-crs:CropLeft': 0.2,
      'XMP-crs:CropTop': 0.1,
      'XMP-crs:CropRight': 0.8,
      'XMP-crs:CropBottom': 0.9,
    });
  });
});
