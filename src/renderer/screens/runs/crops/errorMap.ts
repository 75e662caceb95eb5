/**
 * Black through violet and orange to pale yellow, like matplotlib's inferno: equal differences look equally far apart.
 */
const stops = [
  [0, 0, 4],
  [40, 11, 84],
  [101, 21, 110],
  [159, 42, 99],
  [212, 72, 66],
  [245, 125, 21],
  [250, 193, 39],
  [252, 255, 164],
] as const;

export const gradient = `linear-gradient(to right, ${stops.map((colour) => `rgb(${colour.join(' ')})`).join(', ')})`;

function colourOf(share: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [stops[low] ?? stops[0], stops[low + 1] ?? stops[0]];
  const mix = (i: 0 | 1 | 2): number => a[i] + (at - low) * (b[i] - a[i]);
  return [mix(0), mix(1), mix(2)];
}

/**
 * Draws where a picture differs from its target: the mean absolute difference over red, green and blue, as a colour.
 * @param full the difference that gets the brightest colour, as a share of the value range
 */
export function drawErrorMap(
  canvas: HTMLCanvasElement,
  picture: CanvasImageSource,
  target: CanvasImageSource,
  full: number,
): void {
  const { width, height } = canvas;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return;
  const read = (source: CanvasImageSource): Uint8ClampedArray => {
    context.drawImage(source, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
  const [a, b] = [read(picture), read(target)];
  const result = context.createImageData(width, height);
  for (let i = 0; i < a.length; i += 4) {
    const error = [0, 1, 2].reduce((sum, c) => sum + Math.abs((a[i + c] ?? 0) - (b[i + c] ?? 0)), 0) / (3 * 255);
    result.data.set([...colourOf(error / full), 255], i);
  }
  context.putImageData(result, 0, 0);
}
