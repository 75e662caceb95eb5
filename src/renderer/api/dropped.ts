import { bridge, type Dropped } from './client.ts';

/**
 * Yields the files of a drop. In Electron these are the files and folders as they were dropped: the services read a folder
 * as if it had been chosen. In a browser folders are read here, recursively and without hidden files. Call it before the
 * drop event ends, because its items become invalid then.
 */
export function droppedFiles(transfer: DataTransfer): AsyncGenerator<Dropped> {
  if (bridge) return asDropped([...transfer.files]);
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return filesOf(entries, '');
}

// eslint-disable-next-line @typescript-eslint/require-await -- the other branch is asynchronous, so callers await both
async function* asDropped(files: readonly File[]): AsyncGenerator<Dropped> {
  for (const file of files) yield { file, path: file.name };
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
