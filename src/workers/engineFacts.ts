import { readEngine } from '../core/engine/device.ts';
import { openEngine } from '../core/engine/open.ts';
import { toWire } from '../shared/errors.ts';

/** Child process: loads TensorFlow, computes something with it, tells its host what it found, and ends. */
try {
  const tf = openEngine();
  const [four] = tf.tidy(() => tf.matMul(tf.ones([1, 4]), tf.ones([4, 1])).dataSync());
  if (four !== 4) throw new Error(`TensorFlow computes ${four} for 1·1 + 1·1 + 1·1 + 1·1.`);
  process.send?.({ facts: readEngine() });
} catch (error) {
  process.send?.({ error: toWire(error) });
}
