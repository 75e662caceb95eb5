import { AppError } from '../../../shared/errors.ts';
import { listOf, type PickleScope, type PickleValue, refused, unpickle } from './pickle.ts';
import { type Storage, torchScope } from './torchObjects.ts';
import type { ByteSource } from '../byteSource.ts';
import { openStoredZip, type StoredEntry } from './zip.ts';

/** A PyTorch file: what was saved, with tensors as views of storages, which are read when they are asked for. */
export interface TorchFile {
  value: PickleValue;
  /** The bytes of a storage. @throws AppError `bad-input` where they are damaged */
  readStorage: (key: string) => Uint8Array;
}

/** A pickle describes tensors; a larger one is an attack or an accident. */
const MAX_PICKLE_BYTES = 2 ** 27;

/** Entries beside the pickle and the storages that PyTorch itself writes. */
const knownEntries = /^(version|byteorder|\.data\/serialization_id|\.format_version|\.storage_alignment)$/;

/**
 * Reads a `.pth`, `.pt` or `.ckpt` in PyTorch's zip or legacy format without running anything of it: see pickle.ts for
 * the machine and torchObjects.ts for what is allowed.
 * @throws AppError `bad-input` or `unsupported`, naming what was found.
 */
export async function openTorchFile(source: ByteSource): Promise<TorchFile> {
  return isZip(source.read(0, Math.min(4, source.size))) ? openZip(source) : readLegacy(source.read(0, source.size));
}

const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

async function openZip(source: ByteSource): Promise<TorchFile> {
  const entries = await openStoredZip(source);
  // Every pickle is looked at first, whether it is needed or not, so that the reason names what is wrong with it.
  const pickles = new Map<string, { value: PickleValue; storages: Map<string, Storage> }>();
  for (const [name, entry] of entries) {
    if (!/\.(pkl|pickle)$/i.test(name)) continue;
    if (entry.size > MAX_PICKLE_BYTES) throw refused('its pickle is too large');
    const content = entry.read();
    const storages = new Map<string, Storage>();
    const { value, end } = unpickle(content, torchScope(storages));
    if (end !== content.length) throw refused('bytes follow after a pickle');
    pickles.set(name, { value, storages });
  }
  const main = [...pickles.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  const pickle = pickles.get(main ?? '');
  if (!main || !pickle)
    throw new AppError(
      'bad-input',
      'This zip file holds no PyTorch weights (there is no data.pkl in it). Choose a .pth, .pt or .ckpt file.',
    );

  const prefix = main.slice(0, -'data.pkl'.length);
  const order = entries.get(`${prefix}byteorder`);
  if (order && (order.size > 10 || new TextDecoder().decode(order.read()) !== 'little'))
    throw new AppError(
      'unsupported',
      'This PyTorch file was saved on a big-endian machine. Save it again as safetensors.',
    );
  for (const name of entries.keys()) {
    const inside = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    if (name === main || (inside !== undefined && (knownEntries.test(inside) || /^data\/[^/]+$/.test(inside))))
      continue;
    throw refused(`it holds ${name}, which is no part of a weights file`);
  }
  const storages = new Map<string, StoredEntry>();
  for (const [key, { byteLength }] of pickle.storages) {
    const entry = entries.get(`${prefix}data/${key}`);
    if (entry?.size !== byteLength) throw refused(`storage ${shortened(key)} is missing or has another size`);
    storages.set(key, entry);
  }
  return { value: pickle.value, readStorage: (key) => storages.get(key)?.read() ?? new Uint8Array() };
}

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);

/** The first pickle of a file in the format before PyTorch 1.6. */
export const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

/** The format before PyTorch 1.6: magic number, version, system, the object, the storages' keys, and each storage. */
function readLegacy(bytes: Uint8Array): TorchFile {
  const nothing: PickleScope = {
    find: (module, name) => torchScope(new Map()).find(module, name),
    persistent: () => {
      throw refused('it refers to a storage that does not exist');
    },
  };
  const magic = unpickle(bytes, nothing);
  if (magic.value !== LEGACY_MAGIC) throw refused('it does not begin like a file of PyTorch');
  const version = unpickle(bytes, nothing, magic.end);
  if (version.value !== LEGACY_PROTOCOL) throw refused('its version is unknown');
  const system = unpickle(bytes, nothing, version.end);

  const declared = new Map<string, Storage>();
  const main = unpickle(bytes, torchScope(declared), system.end);
  const keys = unpickle(bytes, nothing, main.end);
  const storages = new Map<string, Uint8Array>();
  let position = keys.end;
  for (const key of listOf(keys.value)) {
    const storage = typeof key === 'string' ? declared.get(key) : undefined;
    if (!storage || storages.has(storage.key)) throw refused('its list of storages does not agree with its tensors');
    const begin = position + 8;
    if (begin + storage.byteLength > bytes.length) throw refused('it ends too early');
    const count = new DataView(bytes.buffer, bytes.byteOffset + position, 8).getBigUint64(0, true);
    if (count !== BigInt(storage.count)) throw refused(`storage ${shortened(storage.key)} has another size`);
    position = begin + storage.byteLength;
    storages.set(storage.key, bytes.subarray(begin, position));
  }
  if (storages.size !== declared.size) throw refused('its list of storages does not agree with its tensors');
  if (position !== bytes.length) throw refused('bytes follow after the last storage');
  return { value: main.value, readStorage: (key) => storages.get(key) ?? new Uint8Array() };
}
