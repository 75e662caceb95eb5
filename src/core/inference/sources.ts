import type { Region } from '../pictures/crop.ts';
import { encodeSrgb } from '../pictures/iccProfile.ts';
import type { Photograph } from '../pictures/photograph.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { fullScale, type Samples, type ScratchReader } from '../pictures/scratch.ts';
import { extendColours } from './extendColours.ts';
import type { PixelSource } from './restoreTiled.ts';

/** A decoded photograph as networks need it: RGB [0,1] with an ordinary tone curve, grey expanded. */
export class PhotographSource implements PixelSource {
  readonly width: number;
  readonly height: number;
  readonly #reader: ScratchReader;
  readonly #grey: boolean;
  readonly #linear: boolean;
  /** Channels after the colours. */
  readonly extras: Photograph['extras'];

  constructor(reader: ScratchReader, { grey, linear, extras }: Pick<Photograph, 'grey' | 'linear' | 'extras'>) {
    this.#reader = reader;
    this.#grey = grey;
    this.extras = extras;
    this.#linear = linear;
    this.width = reader.shape.width;
    this.height = reader.shape.height;
  }

  /** With colours continued under transparent areas. */
  read(region: Region): FloatPicture {
    const samples = this.#reader.read(region);
    const colours = this.#colours(samples, region);
    const alpha = this.extras.indexOf('alpha');
    return alpha < 0 ? colours : extendColours(colours, this.#extra(samples, alpha));
  }

  /** Without that: the stored colours, for comparison. */
  colours(region: Region): FloatPicture {
    return this.#colours(this.#reader.read(region), region);
  }

  /** A channel after the colours in [0,1], by its index in `extras`; for `alpha` the opacity. */
  extra(index: number, region: Region): Float32Array {
    return this.#extra(this.#reader.read(region), index);
  }

  #colours(samples: Samples, { width, height }: Region): FloatPicture {
    const { channels, type } = this.#reader.shape;
    const full = fullScale(type);
    const data = new Float32Array(width * height * 3);
    for (let i = 0, from = 0, to = 0; i < width * height; i++, from += channels) {
      for (let c = 0; c < 3; c++) data[to++] = (samples[this.#grey ? from : from + c] as number) / full;
    }
    if (this.#linear) for (let i = 0; i < data.length; i++) data[i] = encodeSrgb(data[i] as number);
    return { width, height, channels: 3, data };
  }

  #extra(samples: Samples, index: number): Float32Array {
    const { channels, type } = this.#reader.shape;
    const at = (this.#grey ? 1 : 3) + index;
    return Float32Array.from(
      { length: samples.length / channels },
      (_, i) => (samples[i * channels + at] as number) / fullScale(type),
    );
  }
}

/**
 * Output of the previous model in a chain: RGB floats.
 * @param size of the whole picture
 * @param part position of the reader's content in it
 */
export function floatSource(reader: ScratchReader, size: { width: number; height: number }, part: Region): PixelSource {
  const { width, height } = size;
  const read = (region: Region): Float32Array =>
    reader.read({ ...region, x: region.x - part.x, y: region.y - part.y }) as Float32Array;
  return {
    width,
    height,
    read: (region) => ({ width: region.width, height: region.height, channels: 3, data: read(region) }),
  };
}
