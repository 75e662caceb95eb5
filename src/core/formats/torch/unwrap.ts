/** Under what training programs keep the weights; averaged weights come first, as Real-ESRGAN takes them. */
const containers = ['params_ema', 'ema', 'params', 'state_dict', 'model_state_dict', 'model', 'net'] as const;

/** What training modules keep beside the network: discriminators, losses and what these compare with, metrics, counts. */
const companions =
  /^(n_averaged$|(net_?d|discriminator|criterion|cri_\w+|perceptual|vgg\w*|lpips|metrics?|\w*(loss|psnr|ssim)\w*)\.)/i;

/** What DataParallel, torch.compile and FSDP put into the names of the part that they stand around. */
const wrappers = new Set(['module', '_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module']);

/** Deeper nesting than this is no training program's. */
const MAX_DEPTH = 6;

/**
 * Finds the dictionary of tensors in what was saved: the value itself, or under one of the names that training programs
 * use, however often they are nested.
 * @param isTensor tells a tensor from anything else.
 * @returns undefined where there are no tensors.
 */
export function findTensors<T>(
  saved: unknown,
  isTensor: (value: unknown) => value is T,
  depth = 0,
): Map<string, T> | undefined {
  if (!(saved instanceof Map) || depth > MAX_DEPTH) return undefined;
  for (const key of containers) {
    const found = findTensors(saved.get(key), isTensor, depth + 1);
    if (found) return found;
  }
  const tensors = new Map<string, T>();
  for (const [name, value] of saved as Map<unknown, unknown>)
    if (typeof name === 'string' && isTensor(value)) tensors.set(name, value);
  return tensors.size > 0 ? tensors : undefined;
}

/**
 * Gives the network's tensors the names of the authors' class. What wrappers put into names is taken out wherever it stands;
 * any other prefix (`net_g.`) where every name has it, or every one that is not a companion's. In a flat file (safetensors)
 * that keeps several sets under `params_ema.`, `ema.` or `params.`, the first of these sets is taken.
 */
export function plainNames<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  // Once more behind a part's wrapper: `net.module.a` beside `module.net.b`.
  return stripPrefixes(withoutWrappers(stripPrefixes(tensors)));
}

/** As it is where two tensors would have one name. */
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
  const names = all.some((name) => !companions.test(name)) ? all.filter((name) => !companions.test(name)) : all;
  const set = ['params_ema.', 'ema.', 'params.', 'state_dict.'].find((prefix) =>
    names.some((name) => name.startsWith(prefix)),
  );
  const chosen = set ? names.filter((name) => name.startsWith(set)) : names;
  const prefix = set ?? wrapperOf(names);
  // Without a prefix nothing tells the network's own names from those of companions.
  if (!prefix) return new Map(tensors);
  return stripPrefixes(new Map(chosen.map((name) => [name.slice(prefix.length), tensors.get(name) as T])));
}

/** What a training module put before every name, whatever it calls it. */
function wrapperOf(names: readonly string[]): string | undefined {
  const prefix = /^[^.]+\./.exec(names[0] ?? '')?.[0];
  if (prefix === undefined || !names.every((name) => name.startsWith(prefix))) return undefined;
  const inside = names.map((name) => name.slice(prefix.length));
  // `model.0.weight` is a layer of the old ESRGAN, and `conv.weight` beside `conv.bias` is one layer.
  return inside.some((name) => name.includes('.')) && !inside.some((name) => /^\d/.test(name)) ? prefix : undefined;
}
