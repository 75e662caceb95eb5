import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePicture } from '../../../src/core/data/decode.ts';
import { applyChain, parseChain } from '../../../src/core/degradations/chain.ts';
import { imresize } from '../../../src/core/degradations/resize.ts';
import { psnr } from '../../../src/core/metrics/index.ts';
import { encodePng } from '../../../src/core/pictures/encodePng.ts';
import { openHome } from '../../../src/services/app/home.ts';
import { readIncludedCards } from '../../../src/services/models/modelCard.ts';
import { resolveModel } from '../../../src/services/models/models.ts';
import { listRemedies } from '../../../src/services/models/remedies.ts';
import { evaluate } from '../../../src/services/training/evaluation.ts';
import type { Fault } from '../../../src/shared/faults.ts';
import type { DegradationStep } from '../../../src/shared/runConfig.ts';
import { temporaryFolder } from '../../photographs.ts';

/** The models that come with the program, as they lie in resources/models. */
const folder = temporaryFolder();
const home = openHome(join(folder, 'home'));
const weights = readdirSync(home.includedModels).filter((name) => name.endsWith('.safetensors'));

/** What each is good for, and at least how many dB it gains over the picture as it was (enlarged by bicubic interpolation). */
const work: Record<string, { fault: Fault; steps: DegradationStep[]; gain: number; scale?: number }> = {
  denoise: { fault: 'noise', steps: [{ type: 'gaussian-noise', sigma: [25, 25] }], gain: 8 },
  'enlarge-x2': { fault: 'small', steps: [{ type: 'bicubic', scale: 2 }], gain: 1, scale: 2 },
  dehaze: { fault: 'haze', steps: [{ type: 'haze', beta: [1, 1], airlight: [0.9, 0.9] }], gain: 3 },
};

const [WIDTH, HEIGHT] = [192, 128];

/** A drawing with edges, fine lines and soft shades, as bytes of RGB. */
function drawing(): Buffer {
  const bytes = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) bytes.set(colourAt(x, y), 3 * (y * WIDTH + x));
  return bytes;
}

function colourAt(x: number, y: number): [number, number, number] {
  if (y > 92 && x % 16 < 2) return [30, 30, 40];
  if (x > 60 && x < 96 && y > 80 && y < 116) return [170, 70, 50];
  if (y > 100 - 0.6 * Math.min(x, 190 - x)) return [50 + y / 8, 75 + y / 4, 55];
  if ((x - 150) ** 2 + (y - 30) ** 2 < 250) return [232, 192, 96];
  return [85 + y, 135 + y / 2, 170 + y / 3];
}

describe.runIf(weights.length > 0)('models in the box', () => {
  test('each has a card that holds, is at most 3 MB, says where it comes from, and is the default for its fault', async () => {
    const cards = await readIncludedCards(home);
    expect(cards.map(({ file }) => file).sort()).toEqual(weights.sort());
    const remedies = await listRemedies(home, () => undefined);
    for (const { id, file, description, licence } of cards) {
      expect(statSync(join(home.includedModels, file)).size).toBeLessThanOrEqual(3e6);
      expect((await resolveModel(id, home)).file).toBe(join(home.includedModels, file));
      expect(description).toMatch(/BSDS500.*Measured on.*dB.*To repeat it: npm run mcir -- train/s);
      expect(licence).toBeDefined();
      expect(readdirSync(home.includedModels)).toContain(`${id}.yml`);
      expect(remedies.find(({ fault }) => fault === work[id]?.fault)?.model).toBe(id);
    }
  });

  test.each(weights.map((name) => name.replace('.safetensors', '')))('%s does its work', async (id) => {
    const { steps, gain, scale = 1 } = work[id] as (typeof work)[string];
    const [input, target] = [join(folder, `${id}-input`), join(folder, `${id}-target`)];
    for (const place of [input, target]) mkdirSync(place);
    await sharp(drawing(), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
      .png()
      .toFile(join(target, 'a.png'));
    const clean = await decodePicture(join(target, 'a.png'));
    const degraded = await applyChain(parseChain(steps), clean, [1]);
    writeFileSync(join(input, 'a.png'), await encodePng(degraded));
    const { mean } = await evaluate({ home: home.root, model: id, input, target, cropBorder: 0, yChannel: false });
    const before = psnr(scale === 1 ? degraded : imresize(degraded, { up: scale, down: 1 }), clean);
    expect(mean.psnr).toBeGreaterThan(before + gain);
  });
});
