/** Keys under which training programs store weights. Averaged weights come first, as in Real-ESRGAN. */
const containers = [
  ...['params_ema', 'net_g_ema', 'ema', 'params', 'net_g', 'state_dict', 'model_state_dict', 'model', 'net'],
] as const;

/**
 * What training modules contain besides the network: discriminators, losses and their feature networks, metrics,
 * counters.
 */
function isCompanion(name: string): boolean {
  const first = name.split('.', 1)[0] ?? '';
  if (first === name) return /^n_averaged$/i.test(name);
  // Each expression takes time proportional to the length of the name, whatever it contains.
  if (!/^\w*$/.test(first)) return false;
  return /^(net_?d|discriminator|criterion|cri_\w+|perceptual|vgg\w*|lpips|metrics?)$|loss|psnr|ssim/i.test(first);
}

/** Name parts that DataParallel, torch.compile and FSDP add to the part of the network they wrap. */
const wrappers = new Set(['module', '_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module']);

/** No training program nests deeper than this. */
const MAX_DEPTH = 6;

/**
 * Finds the dictionary of tensors in what was saved: the value itself, or under one of the keys that training programs
 * use, at any depth. A dictionary may contain itself, so each is searched once.
 * @param isTensor tells whether a value is a tensor
 * @returns undefined if there are no tensors
 */
export function findTensors<T>(saved: unknown, isTensor: (value: unknown) => value is T): Map<string, T> | undefined {
  const searched = new Set<unknown>();
  const search = (value: unknown, depth: number): Map<string, T> | undefined => {
    if (!(value instanceof Map) || depth > MAX_DEPTH || searched.has(value)) return undefined;
    searched.add(value);
    for (const key of containers) {
      const found = search(value.get(key), depth + 1);
      if (found) return found;
    }
    const tensors = new Map<string, T>();
    for (const [name, item] of value as Map<unknown, unknown>)
      if (typeof name === 'string' && isTensor(item)) tensors.set(name, item);
    return tensors.size > 0 ? tensors : undefined;
  };
  return search(saved, 0);
}

/**
 * Gives the network's tensors the names of the authors' class. Name parts of wrappers are removed anywhere. Any other
 * prefix (`net_g.`) is removed if all names have it, or all except those of companion networks. If a flat file
 * (safetensors) has several sets under `params_ema.`, `ema.` or `params.`, the first of these sets is used.
 */
export function plainNames<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  // Again after a wrapper's part was removed: `net.module.a` next to `module.net.b`.
  return stripPrefixes(withoutWrappers(stripPrefixes(tensors)));
}

/** Unchanged if two tensors would get the same name. */
function withoutWrappers<T>(tensors: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const plain = new Map(
    [...tensors].map(([name, tensor]) => [
      name
        .split('.')
        .filter((part) => !wrappers.has(part))
        .join('.'),
      tensor,
    ]),
  );
  return plain.size === tensors.size ? plain : tensors;
}

function stripPrefixes<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  const all = [...tensors.keys()];
  const names = all.some((name) => !isCompanion(name)) ? all.filter((name) => !isCompanion(name)) : all;
  const set = ['params_ema.', 'ema.', 'params.', 'state_dict.'].find((prefix) =>
    names.some((name) => name.startsWith(prefix)),
  );
  const chosen = set ? names.filter((name) => name.startsWith(set)) : names;
  const prefix = set ?? wrapperOf(names);
  // Without a prefix, the network's own names cannot be told from those of companion networks.
  if (!prefix) return new Map(tensors);
  return stripPrefixes(new Map(chosen.map((name) => [name.slice(prefix.length), tensors.get(name) as T])));
}

/** The prefix that a training module put before every name, whatever it is called. */
function wrapperOf(names: readonly string[]): string | undefined {
  const prefix = /^[^.]+\./.exec(names[0] ?? '')?.[0];
  if (prefix === undefined || !names.every((name) => name.startsWith(prefix))) return undefined;
  const inside = names.map((name) => name.slice(prefix.length));
  // `model.0.weight` is a layer of the old ESRGAN, and `conv.weight` next to `conv.bias` is a single layer.
  return inside.some((name) => name.includes('.')) && !inside.some((name) => /^\d/.test(name)) ? prefix : undefined;
}
