import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { measuredSpeeds } from '../../../src/services/restoring/measured.ts';
import { forgetFindings, VerdictStore } from '../../../src/services/restoring/verdictStore.ts';
import { temporaryFolder } from '../../photographs.ts';

const cache = temporaryFolder();
const folder = join(cache, 'backends');
const size = { width: 512, height: 512 };

it('findings are valid until adapters or drivers change, and invalid files are ignored', () => {
  const verdicts = new VerdictStore(folder, 'GPU 1.0').of('abc', 'IMDN');
  verdicts.keep('onnx:webgpu', { ...size, secondsPerMegapixel: 0.4 });
  verdicts.keep('tensorflow', { ...size, secondsPerMegapixel: 9 });
  verdicts.keep('onnx:cpu', { ...size, distrust: 'different', detail: '0.1', secondsPerMegapixel: 0.01 });
  writeFileSync(join(folder, 'broken.json'), '{');
  expect(readdirSync(folder)).toHaveLength(4);

  const later = new VerdictStore(folder, 'GPU 1.0');
  expect(later.of('abc', 'IMDN').find('onnx:webgpu', size)).toMatchObject({ secondsPerMegapixel: 0.4 });
  expect(later.of('abc', 'IMDN').find('onnx:webgpu', { ...size, height: 256 })).toBeUndefined();
  expect(later.of('other', 'IMDN').find('onnx:webgpu', size)).toBeUndefined();
  expect(measuredSpeeds(later.all())).toEqual([{ title: 'IMDN', processor: 9, gpu: 0.4 }]);

  const updated = new VerdictStore(folder, 'GPU 1.1');
  expect(updated.all()).toEqual([]);
  updated.of('abc', 'IMDN').keep('onnx:webgpu', { ...size, distrust: 'black' });
  expect(later.of('abc', 'IMDN').find('onnx:webgpu', size)?.distrust).toBeUndefined();

  forgetFindings({ cache });
  expect(later.all()).toEqual([]);
});

it('a missing device is missing for every model and size', () => {
  new VerdictStore(folder, 'no GPU').of('abc', 'IMDN').keep('onnx:webgpu', { ...size, distrust: 'absent' });
  const other = new VerdictStore(folder, 'no GPU').of('other', 'FFA-Net');
  expect(other.find('onnx:webgpu', { width: 64, height: 64 })?.distrust).toBe('absent');
  expect(other.about('onnx:webgpu')).toHaveLength(1);
});

it('if two programs measure the same thing at once, both use the first result', () => {
  const [first, second] = [0, 1].map(() => new VerdictStore(folder, 'GPU 1.0').of('abc', 'IMDN'));
  first?.keep('onnx:webgpu', { ...size, secondsPerMegapixel: 0.4 });
  second?.keep('onnx:webgpu', { ...size, secondsPerMegapixel: 12 });
  expect(second?.find('onnx:webgpu', size)?.secondsPerMegapixel).toBe(0.4);
});
