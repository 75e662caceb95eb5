import yauzl from 'yauzl';

/** The texts in a zip file, by their names. */
export async function textsInZip(file: string): Promise<Map<string, string>> {
  const zip = await yauzl.openPromise(file);
  const found = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    found.set(entry.fileName, Buffer.concat(chunks).toString());
  }
  return found;
}
