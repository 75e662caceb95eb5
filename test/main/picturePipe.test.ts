import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hearPictures, sendPicture } from '../../src/main/picturePipe.ts';
import type { Served } from '../../src/services/pictures/thumbnails.ts';

test('pictures arrive complete and in order, however the pipe splits them', () => {
  const picture = fc.record({
    id: fc.nat(),
    type: fc.constantFrom('image/png', 'image/webp'),
    body: fc.uint8Array({ maxLength: 200 }),
  });
  fc.assert(
    fc.property(
      fc.array(picture, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      (sent, cuts) => {
        const written = new PassThrough();
        for (const { id, type, body } of sent) sendPicture(written, id, { type, body: new Uint8Array(body) });
        const bytes = (written.read() as Buffer | null) ?? Buffer.alloc(0);
        const heard: (Served & { id: number })[] = [];
        const pipe = new PassThrough();
        hearPictures(pipe, (id, served) => heard.push({ id, ...served }));
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const length = cuts[i % cuts.length] ?? 1;
          pipe.emit('data', bytes.subarray(at, at + length));
          at += length;
        }
        expect(heard).toEqual(sent.map(({ id, type, body }) => ({ id, type, body: new Uint8Array(body) })));
      },
    ),
  );
});
