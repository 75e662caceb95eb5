import type { Readable, Writable } from 'node:stream';
import type { Served } from '../services/pictures/thumbnails.ts';

/**
 * Pictures are sent to the window through a pipe of their own. All other messages between the two processes are JSON,
 * which cannot hold bytes. V8's own format can, but Electron's V8 writes a newer version of it than Node's V8 can read.
 */
export const pictureDescriptor = 4;

/** Number of the question, length of the type, length of the picture; then the type and the picture. */
const headerBytes = 12;

/** Answers the question with this number. */
export function sendPicture(pipe: Writable, id: number, { type, body }: Served): void {
  const name = Buffer.from(type);
  const header = Buffer.alloc(headerBytes);
  [id, name.length, body.length].forEach((value, index) => header.writeUInt32LE(value, 4 * index));
  for (const part of [header, name, body]) pipe.write(part);
}

/** Emits each picture when it has arrived completely. */
export function hearPictures(pipe: Readable, tell: (id: number, picture: Served) => void): void {
  let parts: Buffer[] = [];
  let there = 0;
  let wanted = headerBytes;
  pipe.on('data', (chunk: Buffer) => {
    parts.push(chunk);
    there += chunk.length;
    while (there >= wanted) {
      const bytes = Buffer.concat(parts);
      const begin = headerBytes + bytes.readUInt32LE(4);
      const end = begin + bytes.readUInt32LE(8);
      parts = [bytes];
      wanted = end;
      if (there < end) return;
      tell(bytes.readUInt32LE(0), {
        type: bytes.toString('utf8', headerBytes, begin),
        body: new Uint8Array(bytes.subarray(begin, end)),
      });
      parts = [bytes.subarray(end)];
      there -= end;
      wanted = headerBytes;
    }
  });
}
