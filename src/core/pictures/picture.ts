/**
 * Pixels on the host: interleaved channels, row by row, from a decoder or for an encoder. RGB has 3 channels, RGBA 4,
 * grey 1; `bits` sets the range (8: 0-255, 16: 0-65535).
 */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 2 | 3 | 4;
  data: Uint8Array | Uint16Array;
  bits: 8 | 16;
}

/** Pixels as networks need them: RGB, float32, [0,1], row by row (HWC). */
export interface FloatPicture {
  width: number;
  height: number;
  channels: 1 | 3;
  data: Float32Array;
}
