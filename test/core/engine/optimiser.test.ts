import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { networks } from '../../../src/core/networks/index.ts';

// TensorFlow writes to the process's own stderr, from tfg_optimizer_hook.cc and meta_optimizer.cc; of some failures only the
// first of a process.
test('TensorFlow optimises the graph of every network, running and training, without giving up', () => {
  const program = fileURLToPath(new URL('compileNetworks.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  expect(status).toBe(0);
  expect(stderr.split('\n').filter((line) => /_optimizer/.test(line))).toEqual([]);
  const ran = stdout.trim().split('\n');
  expect(ran.filter((line) => line.includes('one compiled graph'))).toEqual(ran);
  expect(new Set(ran.map((line) => line.split(':')[0]))).toEqual(new Set(networks.map(({ id }) => id)));
});
