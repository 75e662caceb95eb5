import { readFileSync, writeFileSync } from 'node:fs';
import { overwrite, withBytes } from './fileBytes.ts';
import { readHeif } from './heif.ts';

interface Told {
  primaries: number;
  transfer: number;
}

/** libheif converts to BT.601's YCbCr with the full range where it is told nothing else. */
const MATRIX_BT601 = 6;
const FULL_RANGE = 0x80;

/**
 * Makes a written AVIF tell the primaries and the transfer function of its colours (code points of ITU-T H.273). The matrix is the
 * encoder's own. An encoder of lossless pictures writes an nclx, which is changed; for others one is added to the main picture.
 * @throws Error if the file has no main picture
 */
export function setNclx(path: string, told: Told): void {
  const nclx = withBytes(path, (file) => readHeif(file).nclx);
  if (!nclx) return writeFileSync(path, withNclx(readFileSync(path), told));
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(told.primaries, 0);
  bytes.writeUInt16BE(told.transfer, 2);
  overwrite(path, nclx.position + 4, bytes);
}

/** A box: where it begins, where its content does, and where it ends. */
interface Box {
  at: number;
  content: number;
  end: number;
}

/**
 * Adds a `colr` property of type `nclx` (ISO/IEC 14496-12, 12.1.5) to the main picture of a HEIF file. What lies behind moves, and
 * `iloc` with it.
 */
function withNclx(file: Buffer, { primaries, transfer }: Told): Buffer {
  const meta = find(file, { at: 0, content: 0, end: file.length }, 'meta');
  const inMeta = { ...meta, content: meta.content + 4 };
  const iprp = find(file, inMeta, 'iprp');
  const [ipco, ipma] = [find(file, iprp, 'ipco'), find(file, iprp, 'ipma')];
  const property = Buffer.alloc(19);
  property.writeUInt32BE(property.length, 0);
  property.write('colrnclx', 4, 'latin1');
  property.writeUInt16BE(primaries, 12);
  property.writeUInt16BE(transfer, 14);
  property.writeUInt16BE(MATRIX_BT601, 16);
  property.writeUInt8(FULL_RANGE, 18);
  const wide = ((file[ipma.content + 3] as number) & 1) === 1;
  const index = boxesIn(file, ipco).length + 1;
  const association = Buffer.alloc(wide ? 2 : 1);
  association.writeUIntBE(index, 0, association.length);
  const entry = entryOf(file, ipma, mainItem(file, find(file, inMeta, 'pitm')), wide);
  const changed = Buffer.from(file);
  changed.writeUInt8((file[entry.count] as number) + 1, entry.count);
  const added = property.length + association.length;
  for (const [box, bytes] of [
    [meta, added],
    [iprp, added],
    [ipco, property.length],
    [ipma, association.length],
  ] as const)
    changed.writeUInt32BE(file.readUInt32BE(box.at) + bytes, box.at);
  moveData(changed, find(file, inMeta, 'iloc'), meta.end, added);
  const [first, second] = [
    { at: ipco.end, bytes: property },
    { at: entry.end, bytes: association },
  ].sort((a, b) => a.at - b.at) as [{ at: number; bytes: Buffer }, { at: number; bytes: Buffer }];
  return Buffer.concat([
    changed.subarray(0, first.at),
    first.bytes,
    changed.subarray(first.at, second.at),
    second.bytes,
    changed.subarray(second.at),
  ]);
}

function boxesIn(file: Buffer, { content, end }: Box): (Box & { type: string })[] {
  const found: (Box & { type: string })[] = [];
  for (let at = content; at + 8 <= end;) {
    const size = file.readUInt32BE(at) || end - at;
    if (size < 8) break;
    found.push({ type: file.toString('latin1', at + 4, at + 8), at, content: at + 8, end: at + size });
    at += size;
  }
  return found;
}

function find(file: Buffer, inside: Box, type: string): Box {
  const box = boxesIn(file, inside).find((each) => each.type === type);
  if (!box) throw new Error(`The written AVIF has no ${type}.`);
  return box;
}

const mainItem = (file: Buffer, { content }: Box): number =>
  file[content] === 0 ? file.readUInt16BE(content + 4) : file.readUInt32BE(content + 4);

/** Where `ipma` counts the properties of an item, and where their list ends. */
function entryOf(file: Buffer, { content, end }: Box, item: number, wide: boolean): { count: number; end: number } {
  const idBytes = file[content] === 0 ? 2 : 4;
  for (let at = content + 8; at + idBytes < end;) {
    const count = at + idBytes;
    const next = count + 1 + (file[count] as number) * (wide ? 2 : 1);
    if (file.readUIntBE(at, idBytes) === item) return { count, end: next };
    at = next;
  }
  throw new Error('The written AVIF has no properties for its main picture.');
}

/** Adds to every offset in `iloc` that points behind a place in the file (ISO/IEC 14496-12, 8.11.3). */
function moveData(file: Buffer, { content }: Box, behind: number, by: number): void {
  const version = file[content] as number;
  const sizes = file.readUInt16BE(content + 4);
  const [offsetBytes, lengthBytes, baseBytes, indexBytes] = [12, 8, 4, 0].map((shift) => (sizes >> shift) & 15) as [
    number,
    number,
    number,
    number,
  ];
  const long = version === 2 ? 4 : 2;
  let at = content + 6;
  const items = file.readUIntBE(at, long);
  at += long;
  const number = (bytes: number): number =>
    bytes === 0 ? 0 : file.readUIntBE(at + Math.max(0, bytes - 6), Math.min(bytes, 6));
  const move = (bytes: number): void => {
    file.writeUIntBE(number(bytes) + by, at + Math.max(0, bytes - 6), Math.min(bytes, 6));
  };
  for (let i = 0; i < items; i++) {
    at += long;
    const method = version === 0 ? 0 : file.readUInt16BE(at) & 15;
    if (version > 0) at += 2;
    at += 2;
    const inFile = method === 0;
    const base = number(baseBytes);
    if (inFile && base >= behind) move(baseBytes);
    at += baseBytes;
    const extents = file.readUInt16BE(at);
    at += 2;
    for (let k = 0; k < extents; k++) {
      if (version > 0) at += indexBytes;
      if (inFile && base < behind && base + number(offsetBytes) >= behind) move(offsetBytes);
      at += offsetBytes + lengthBytes;
    }
  }
}
