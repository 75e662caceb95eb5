import type { FileBytes } from './fileBytes.ts';

/** The types of a WebP's chunks in their order (RFC 9649, 2.3). */
export function readWebp(file: FileBytes): string[] {
  const types: string[] = [];
  for (let at = 12; at + 8 <= file.size && types.length < 100_000;) {
    const head = file.read(at, 8);
    types.push(head.toString('latin1', 0, 4));
    const length = head.readUInt32LE(4);
    at += 8 + length + (length % 2);
  }
  return types;
}
