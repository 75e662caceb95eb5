import { writeFileSync } from 'node:fs';

/** A picture of a TIFF file that tests make: its samples, and its tags by number. */
export interface TestPage {
  width: number;
  height: number;
  /** Rows of interleaved samples. */
  data: Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
  photometric: number;
  /** ExtraSamples, one number for each channel behind the colours. */
  extras?: number[];
  /** Further tags: whole numbers as SHORT (LONG where they need it), bytes as BYTE, text as ASCII, fractions as SRATIONAL. */
  tags?: Record<number, number[] | Uint8Array | string | { rationals: number[] }>;
  /** Directories that hang from it (SubIFDs). */
  inside?: TestPage[];
}

interface Field {
  tag: number;
  type: number;
  count: number;
  bytes: Buffer;
}

/** Writes an uncompressed TIFF of little byte order, with the pages after one another. */
export function writeTiff(file: string, ...pages: TestPage[]): string {
  const parts: Buffer[] = [];
  let size = 0;
  const put = (bytes: Buffer): number => {
    const at = size;
    const padded = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
    parts.push(padded);
    size += padded.length;
    return at;
  };
  const head = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  put(head);
  const patch = (at: number, value: number): void => {
    const whole = Buffer.concat(parts);
    whole.writeUInt32LE(value, at);
    parts.splice(0, parts.length, whole);
  };
  /** @returns where the directory lies, and where it tells the next */
  const directory = (page: TestPage): { at: number; next: number } => {
    const pixels = put(Buffer.from(page.data.buffer, page.data.byteOffset, page.data.byteLength));
    const inside = (page.inside ?? []).map((each) => directory(each).at);
    const samples = page.data.length / (page.width * page.height);
    const bits = page.data.BYTES_PER_ELEMENT * 8;
    const fields = [
      short(256, page.width),
      short(257, page.height),
      short(258, ...Array.from({ length: samples }, () => bits)),
      short(259, 1),
      short(262, page.photometric),
      long(273, pixels),
      short(277, samples),
      short(278, page.height),
      long(279, page.data.byteLength),
      ...(inside.length > 0 ? [long(330, ...inside)] : []),
      ...(page.extras ? [short(338, ...page.extras)] : []),
      short(339, ...Array.from({ length: samples }, () => sampleFormat(page.data))),
      ...Object.entries(page.tags ?? {}).map(([tag, value]) => {
        if (value instanceof Uint8Array)
          return { tag: Number(tag), type: 1, count: value.length, bytes: Buffer.from(value) };
        if (typeof value === 'string')
          return { tag: Number(tag), type: 2, count: value.length + 1, bytes: Buffer.from(`${value}\0`, 'latin1') };
        if ('rationals' in value) return rational(Number(tag), value.rationals);
        return Math.max(...value) > 65535 ? long(Number(tag), ...value) : short(Number(tag), ...value);
      }),
    ];
    const byTag = [...new Map(fields.map((field) => [field.tag, field])).values()].sort((a, b) => a.tag - b.tag);
    const entries = byTag.map(({ tag, type, count, bytes }) => {
      const entry = Buffer.alloc(12);
      entry.writeUInt16LE(tag, 0);
      entry.writeUInt16LE(type, 2);
      entry.writeUInt32LE(count, 4);
      if (bytes.length <= 4) bytes.copy(entry, 8);
      else entry.writeUInt32LE(put(bytes), 8);
      return entry;
    });
    const count = Buffer.alloc(2);
    count.writeUInt16LE(entries.length);
    const at = put(Buffer.concat([count, ...entries, Buffer.alloc(4)]));
    return { at, next: at + 2 + entries.length * 12 };
  };
  let next = 4;
  for (const page of pages) {
    const written = directory(page);
    patch(next, written.at);
    next = written.next;
  }
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

function sampleFormat(data: TestPage['data']): number {
  if (data instanceof Float32Array || data instanceof Float64Array) return 3;
  return data instanceof Int8Array || data instanceof Int16Array || data instanceof Int32Array ? 2 : 1;
}

function short(tag: number, ...values: number[]): Field {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => bytes.writeUInt16LE(value, i * 2));
  return { tag, type: 3, count: values.length, bytes };
}

function long(tag: number, ...values: number[]): Field {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32LE(value, i * 4));
  return { tag, type: 4, count: values.length, bytes };
}

/** Millionths. */
function rational(tag: number, values: number[]): Field {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, i) => {
    bytes.writeInt32LE(Math.round(value * 1e6), i * 8);
    bytes.writeInt32LE(1e6, i * 8 + 4);
  });
  return { tag, type: 10, count: values.length, bytes };
}
