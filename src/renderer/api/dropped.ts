import type { Dropped } from './client.ts';

/**
 * Yields the files of a drop, reading folders recursively. Call it before the drop event ends, because its items become
 * invalid then. Hidden files are skipped.
 */
export function droppedFiles(transfer: DataTransfer): AsyncGenerator<Dropped> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return filesOf(entries, '');
}

async function* filesOf(entries: readonly FileSystemEntry[], folder: string): AsyncGenerator<Dropped> {
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = folder + entry.name;
    if (isFile(entry)) yield { file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)), path };
    else if (isFolder(entry)) yield* filesIn(entry, `${path}/`);
  }
}

async function* filesIn(folder: FileSystemDirectoryEntry, path: string): AsyncGenerator<Dropped> {
  const reader = folder.createReader();
  // A reader returns at most a hundred entries at a time, and none at the end.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    yield* filesOf(part, path);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
