import type { FileBytes } from './fileBytes.ts';

/** Facts in an AVIF or HEIC besides its coded pictures (ISO/IEC 23008-12, 14496-12). */
export interface HeifFile {
  /** Code points of ITU-T H.273, from `colr` of type `nclx`, of the main picture. */
  nclx?: { primaries: number; transfer: number; matrix: number; fullRange: boolean; position: number };
  hasProfile: boolean;
  /** Bits of a channel, from `pixi`, `av1C` or `hvcC`. */
  bits?: number;
  /** A sequence of pictures (brand `avis` or a `moov` box). */
  sequence: boolean;
  /** A gain map (item type `tmap`, or an auxiliary picture of Apple's or ISO 21496). */
  gainMap: boolean;
  /** Whether any picture in it is rotated or mirrored by HEIF's own properties (`irot`, `imir`). */
  turns: boolean;
  /** A video appended to the picture (Samsung's motion photo). */
  motion: boolean;
  /** A depth map. */
  depthMap: boolean;
}

interface Box {
  type: string;
  position: number;
  length: number;
}

const CONTAINERS = new Set(['meta', 'iprp', 'ipco']);
const MOST_BOXES = 100_000;

/** Reads the relevant boxes; stops at damage. */
export function readHeif(file: FileBytes): HeifFile {
  const result: HeifFile = {
    hasProfile: false,
    sequence: false,
    gainMap: false,
    turns: false,
    motion: false,
    depthMap: false,
  };
  const all = [...boxes(file)];
  const isElsewhere = propertiesOfOthers(file, all);
  for (const box of all) {
    if (isElsewhere(box)) continue;
    const data = file.read(box.position, Math.min(box.length, 256));
    const text = data.toString('latin1');
    switch (box.type) {
      case 'moov':
        result.sequence = true;
        break;
      case 'irot':
      case 'imir':
        result.turns = true;
        break;
      case 'mpvd':
        result.motion = true;
        break;
      case 'colr':
        if (/^(prof|rICC)/.test(text)) result.hasProfile = true;
        else if (text.startsWith('nclx') && data.length >= 11 && !result.nclx)
          result.nclx = {
            primaries: data.readUInt16BE(4),
            transfer: data.readUInt16BE(6),
            matrix: data.readUInt16BE(8),
            fullRange: (data.readUInt8(10) & 0x80) !== 0,
            position: box.position,
          };
        break;
      case 'pixi':
        if (data.length >= 6) result.bits ??= data.readUInt8(5);
        break;
      case 'av1C':
        if (data.length >= 3) result.bits ??= av1Bits(data.readUInt8(2));
        break;
      case 'hvcC':
        if (data.length >= 18) result.bits ??= (data.readUInt8(17) & 7) + 8;
        break;
      case 'auxC':
        if (/gainmap|hdrgain/i.test(text)) result.gainMap = true;
        if (/depth|disparity|auxid:2/i.test(text)) result.depthMap = true;
        break;
      case 'infe':
        if (text.includes('tmap')) result.gainMap = true;
        break;
    }
  }
  return result;
}

/** Properties of the same kind that several pictures of a file have: of these only the main picture's count. */
const OWN = new Set(['colr', 'pixi', 'av1C', 'hvcC']);

/** Tells properties that do not belong to the main picture, such as those of a gain map (`pitm`, `ipma`); none where it is not told. */
function propertiesOfOthers(file: FileBytes, all: readonly Box[]): (box: Box) => boolean {
  const [ipco, ipma, pitm] = ['ipco', 'ipma', 'pitm'].map((name) => all.find(({ type }) => type === name));
  if (!ipco || !ipma || !pitm) return () => false;
  const properties = all.filter(({ position }) => position > ipco.position && position <= ipco.position + ipco.length);
  const main = file.read(pitm.position, 8);
  const item = main[0] === 0 ? main.readUInt16BE(4) : main.readUInt32BE(4);
  const own = associated(file.read(ipma.position, Math.min(ipma.length, 1 << 20)), item);
  const has = (type: string): boolean => properties.some((box, i) => box.type === type && own.has(i + 1));
  return (box) => OWN.has(box.type) && has(box.type) && !own.has(properties.indexOf(box) + 1);
}

/** The numbers of an item's properties, from 1 on (ISO/IEC 23008-12, 9.3). */
function associated(ipma: Buffer, item: number): Set<number> {
  const found = new Set<number>();
  const [idBytes, bytes] = [ipma[0] === 0 ? 2 : 4, ((ipma[3] ?? 0) & 1) === 1 ? 2 : 1];
  for (let at = 8; at + idBytes < ipma.length;) {
    const isWanted = ipma.readUIntBE(at, idBytes) === item;
    const count = ipma.readUInt8(at + idBytes);
    at += idBytes + 1;
    for (let i = 0; i < count && at + bytes <= ipma.length; i++, at += bytes)
      if (isWanted) found.add(ipma.readUIntBE(at, bytes) & (bytes === 2 ? 0x7fff : 0x7f));
  }
  return found;
}

/** Bits of a channel from the third byte of `av1C`: high_bitdepth and twelve_bit (AV1 in ISOBMFF, 2.3.3). */
function av1Bits(flags: number): number {
  if ((flags & 0x40) === 0) return 8;
  return (flags & 0x20) === 0 ? 10 : 12;
}

function* boxes(file: FileBytes): Generator<Box> {
  const open: { at: number; end: number }[] = [{ at: 0, end: file.size }];
  for (let count = 0; count < MOST_BOXES;) {
    const range = open.at(-1);
    if (!range) return;
    if (range.at + 8 > range.end) {
      open.pop();
      continue;
    }
    const head = file.read(range.at, 16);
    if (head.length < 8) return;
    const short = head.readUInt32BE(0);
    const wide = short === 1 && head.length === 16;
    const size = wide ? Number(head.readBigUInt64BE(8)) : short || range.end - range.at;
    const type = head.toString('latin1', 4, 8);
    const [start, end] = [range.at + (wide ? 16 : 8), range.at + size];
    if (size < 8 || end > range.end) return;
    range.at = end;
    count++;
    yield { type, position: start, length: end - start };
    // `meta` and `iinf` are full boxes: version and flags come first, and in `iinf` a count.
    if (CONTAINERS.has(type)) open.push({ at: start + (type === 'meta' ? 4 : 0), end });
    if (type === 'iinf') open.push({ at: start + ((file.read(start, 1)[0] ?? 0) === 0 ? 6 : 8), end });
  }
}
