import { readEngine } from '../core/engine/device.ts';
import { openEngine } from '../core/engine/open.ts';
import { engineContract } from '../shared/engineMessages.ts';
import { serveChild } from './serveChild.ts';

/** The child process that loads TensorFlow, computes a test value with it, and reports what it found. */
serveChild(engineContract, {
  facts: () => {
    const tf = openEngine();
    const [four] = tf.tidy(() => tf.matMul(tf.ones([1, 4]), tf.ones([4, 1])).dataSync());
    if (four !== 4) throw new Error(`TensorFlow computes ${four} for 1·1 + 1·1 + 1·1 + 1·1.`);
    const { tensorflow, device } = readEngine();
    return { tensorflow, device: { ...device, bf16: [...device.bf16] } };
  },
});
