import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a tfjs graph model that multiplies by 0.5 into a folder; `change` edits its model.json, whose path is given back. */
export function writeHalvingGraph(
  folder: string,
  change: (json: Record<string, unknown>) => unknown = (json) => json,
  shard = new Uint8Array(Float32Array.of(0.5).buffer),
): string {
  const type = { attr: { dtype: { type: 'DT_FLOAT' } } };
  const any = { shape: { dim: ['1', '-1', '-1', '3'].map((size) => ({ size })) } };
  const json = {
    format: 'graph-model',
    signature: { inputs: { x: { name: 'x:0' } }, outputs: { y: { name: 'y:0' } } },
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { ...type.attr, shape: any } },
        { name: 'half', op: 'Const', ...type },
        { name: 'y', op: 'Mul', input: ['x', 'half'], attr: { T: { type: 'DT_FLOAT' } } },
      ],
      versions: { producer: 1 },
    },
    weightsManifest: [{ paths: ['shard1.bin'], weights: [{ name: 'half', shape: [], dtype: 'float32' }] }],
  };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'model.json');
  writeFileSync(path, JSON.stringify(change(json)));
  writeFileSync(join(folder, 'shard1.bin'), shard);
  return path;
}
