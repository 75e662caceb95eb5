import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** A zip file of these entries, stored unless `compress` is set. */
export async function zipOf(
  entries: Record<string, Uint8Array | string> | [string, Uint8Array | string][],
  compress = false,
): Promise<Uint8Array> {
  const zip = new ZipFile();
  for (const [name, content] of Array.isArray(entries) ? entries : Object.entries(entries))
    zip.addBuffer(Buffer.from(content), name, { compress });
  zip.end();
  return buffer(zip.outputStream);
}
