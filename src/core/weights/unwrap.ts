/** Under what training programs keep the weights; averaged weights come first, as Real-ESRGAN takes them. */
const containers = ['params_ema', 'ema', 'params', 'state_dict', 'model_state_dict', 'model', 'net'] as const;

/** What training modules keep beside the network: discriminators, losses and what these compare with, metrics. */
const companions = /^(net_?d|discriminator|criterion|cri_\w+|perceptual|vgg\w*|lpips|metrics?|\w*(loss|psnr|ssim)\w*)\./i;

/** Deeper nesting than this is no training program's. */
const MAX_DEPTH = 6;

/**
 * Finds the dictionary of tensors in what was saved: the value itself, or under one of the names that training programs
 * use, however often they are nested.
 * @param isTensor tells a tensor from anything else.
 * @returns undefined where there are no tensors.
 */
export function findTensors<T>(saved: unknown, isTensor: (value: unknown) => value is T, depth = 0): Map<string, T> | undefined {
  if (!(saved instanceof Map) || depth > MAX_DEPTH) return undefined;
  for (const key of containers) {
    const found = findTensors(saved.get(key), isTensor, depth + 1);
    if (found) return found;
  }
  const tensors = new Map<string, T>();
  for (const [name, value] of saved as Map<unknown, unknown>) if (typeof name === 'string' && isTensor(value)) tensors.set(name, value);
  return tensors.size > 0 ? tensors : undefined;
}

/**
 * Takes wrappers' prefixes (`module.`, `net_g.`) off names, where every name has them, or every one that is not a
 * companion's. In a flat file (safetensors) that keeps several sets under `params_ema.`, `ema.` or `params.`, the first of
 * these sets is taken.
 */
export function stripPrefixes<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  const all = [...tensors.keys()];
  const names = all.some((name) => !companions.test(name)) ? all.filter((name) => !companions.test(name)) : all;
  const set = ['params_ema.', 'ema.', 'params.', 'state_dict.'].find((prefix) => names.some((name) => name.startsWith(prefix)));
  const chosen = set ? names.filter((name) => name.startsWith(set)) : names;
  const prefix = set ?? wrapperOf(names);
  // Without a prefix nothing tells the network's own names from those of companions.
  if (!prefix) return new Map(tensors);
  return stripPrefixes(new Map(chosen.map((name) => [name.slice(prefix.length), tensors.get(name) as T])));
}

/** What DataParallel, torch.compile or a training module put before every name, whatever they call it. */
function wrapperOf(names: readonly string[]): string | undefined {
  const prefix = /^[^.]+\./.exec(names[0] ?? '')?.[0];
  if (prefix === undefined || !names.every((name) => name.startsWith(prefix))) return undefined;
  const inside = names.map((name) => name.slice(prefix.length));
  // `model.0.weight` is a layer of the old ESRGAN, and `conv.weight` beside `conv.bias` is one layer.
  return inside.some((name) => name.includes('.')) && !inside.some((name) => /^\d/.test(name)) ? prefix : undefined;
}
