import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Region } from '../../shared/contract/restore.ts';
import { AppError } from '../../shared/errors.ts';
import { effect, exportSettings } from '../../shared/restore.ts';
import type { Home } from '../home.ts';
import { resolveModel } from '../models.ts';
import { RestoreWorker } from '../restoreWorker.ts';

/** Pixels around the part in sight that the network sees too, so that its edge looks as it does in the whole picture. */
const margin = 48;
/** The child process keeps the model loaded for a while: people look at one part after the other. */
const idleMs = 120_000;
const mostPixels = 4096 * 4096;

/** Restores parts of pictures for looking at, in a child process of its own. */
export class Previews {
  readonly #home: Home;
  readonly #folder: string;
  #worker: { hash: string; worker: RestoreWorker } | undefined;
  #idle: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(home: Home) {
    this.#home = home;
    this.#folder = join(home.cache, 'previews');
  }

  /** Throws away the previews of an earlier session. */
  async clean(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /**
   * @param region the part, in pixels of the upright picture; by default all of it
   * @returns the path of a PNG of the part at full strength, and which part it is
   * @throws AppError `bad-input` for a part outside or too large, and what the model or the picture is to blame for
   */
  async restore(source: string, model: string, region?: Region): Promise<{ path: string; region: Region }> {
    const folder = join(this.#folder, randomUUID());
    await mkdir(folder, { recursive: true });
    const upright = sharp(source, { failOn: 'error' }).rotate();
    const { autoOrient } = await sharp(source).metadata().catch((cause: unknown) => {
      throw new AppError('unsupported', `${source} cannot be read as a picture.`, { cause });
    });
    const part = region ?? { left: 0, top: 0, ...autoOrient };
    const { left, top, width, height } = part;
    if (left + width > autoOrient.width || top + height > autoOrient.height) throw new AppError('bad-input', 'The part to preview is outside the picture.');
    if (width * height > mostPixels) throw new AppError('bad-input', 'This part is too large for a preview. Zoom in.');
    const x = Math.max(0, left - margin);
    const y = Math.max(0, top - margin);
    const cut = { left: x, top: y, width: Math.min(autoOrient.width, left + width + margin) - x, height: Math.min(autoOrient.height, top + height + margin) - y };
    const original = join(folder, 'original.png');
    const restored = join(folder, 'restored.png');
    await upright.extract(cut).keepIccProfile().png({ compressionLevel: 1 }).toFile(original);
    const worker = await this.#open(model);
    const { width: wide } = await worker.restore(
      { id: ++this.#count, source: original, target: restored, folder, effect: effect.parse({}), export: exportSettings.parse({ format: 'png', strip: 'all' }) },
      () => undefined,
    );
    const scale = wide / cut.width;
    const path = join(folder, 'part.png');
    await sharp(restored).extract({ left: (left - x) * scale, top: (top - y) * scale, width: width * scale, height: height * scale }).keepIccProfile().png({ compressionLevel: 1 }).toFile(path);
    return { path, region: part };
  }

  end(): void {
    clearTimeout(this.#idle);
    this.#worker?.worker.end();
    this.#worker = undefined;
  }

  async #open(ref: string): Promise<RestoreWorker> {
    const { hash, title, network, options, inputNorm, weights } = await resolveModel(ref, this.#home);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.end(), idleMs).unref();
    if (this.#worker?.hash === hash && !this.#worker.worker.ended) return this.#worker.worker;
    this.#worker?.worker.end();
    const worker = new RestoreWorker([{ title, network, options, weights, ...(inputNorm ? { inputNorm } : {}) }]);
    this.#worker = { hash, worker };
    await worker.opened();
    return worker;
  }
}
