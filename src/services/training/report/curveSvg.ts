import type { MetricSeries } from '../../../shared/runs.ts';
import { escapeXml } from './escapeXml.ts';

/** Okabe and Ito: distinguishable with colour blindness and in print. */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#777777'];
const size = { width: 640, height: 280 };
const plot = { left: 76, right: 624, top: 34, bottom: 244 };

export interface CurveOptions {
  title: string;
  /** A logarithmic axis; values of 0 or less are left out. */
  log?: boolean;
}

/** Draws curves over steps as a self-contained SVG without scripts, fonts or style sheets. */
export function curveSvg(series: readonly MetricSeries[], { title, log = false }: CurveOptions): string {
  const shown = series.map(({ name, steps, values }) => ({
    name,
    points: steps.flatMap((step, i) => point(step, values[i], log)),
  }));
  const all = shown.flatMap(({ points }) => points);
  const x = axis(
    all.map(([step]) => step),
    [plot.left, plot.right],
    false,
  );
  const y = axis(
    all.map(([, value]) => value),
    [plot.bottom, plot.top],
    log,
  );
  const grid = [
    ...y.ticks.map(
      (value) =>
        `<path d="M${plot.left} ${n(y.at(value))}H${plot.right}" stroke="#e2e2e2"/><text x="${plot.left - 8}" y="${n(y.at(value) + 4)}" text-anchor="end">${label(value)}</text>`,
    ),
    ...x.ticks.map(
      (value) =>
        `<path d="M${n(x.at(value))} ${plot.bottom}v5" stroke="#999"/><text x="${n(x.at(value))}" y="${plot.bottom + 18}" text-anchor="middle">${label(value)}</text>`,
    ),
  ];
  const lines = shown.map(({ points }, i) => {
    const path = points.map(([step, value], k) => `${k === 0 ? 'M' : 'L'}${n(x.at(step))} ${n(y.at(value))}`).join('');
    const dots =
      points.length <= 40
        ? points.map(([step, value]) => `<circle cx="${n(x.at(step))}" cy="${n(y.at(value))}" r="2.5"/>`).join('')
        : '';
    return `<g fill="${colours[i % colours.length]}"><path d="${path}" fill="none" stroke="${colours[i % colours.length]}" stroke-width="1.5"/>${dots}</g>`;
  });
  const legend =
    shown.length < 2
      ? []
      : shown.map(
          ({ name }, i) =>
            `<rect x="${plot.left + 150 * i}" y="268" width="10" height="3" fill="${colours[i % colours.length]}"/><text x="${plot.left + 150 * i + 14}" y="273">${escapeXml(name)}</text>`,
        );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="11" fill="#444">`,
    `<title>${escapeXml(title)}</title><rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${plot.left}" y="20" font-size="13" font-weight="600" fill="#111">${escapeXml(title)}${log ? ' (log)' : ''}</text>`,
    ...grid,
    `<path d="M${plot.left} ${plot.top}V${plot.bottom}H${plot.right}" fill="none" stroke="#999"/><text x="${plot.right}" y="${plot.bottom + 32}" text-anchor="end">step</text>`,
    ...lines,
    ...legend,
    '</svg>\n',
  ].join('\n');
}

function point(step: number, value: number | undefined, log: boolean): [number, number][] {
  return value === undefined || !Number.isFinite(value) || (log && value <= 0) ? [] : [[step, value]];
}

interface Axis {
  at(value: number): number;
  ticks: number[];
}

/** Maps the values' range to `from … to`, with about five round ticks (powers of ten on a logarithmic axis). */
function axis(values: readonly number[], [from, to]: readonly [number, number], log: boolean): Axis {
  let low = values.reduce((a, b) => Math.min(a, b), Infinity);
  let high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) [low, high] = [0, 1];
  if (low === high)
    [low, high] = log
      ? [low / 2, high * 2]
      : [low - Math.max(0.5, Math.abs(low) * 0.05), high + Math.max(0.5, Math.abs(high) * 0.05)];
  const scale = log ? Math.log10 : (value: number) => value;
  const [a, b] = [scale(low), scale(high)];
  const at = (value: number): number => from + ((scale(value) - a) / (b - a)) * (to - from);
  const powers = log
    ? Array.from({ length: Math.max(0, Math.floor(b) - Math.ceil(a) + 1) }, (_, i) => 10 ** (Math.ceil(a) + i))
    : [];
  if (powers.length >= 2) return { at, ticks: powers };
  return { at, ticks: log ? [low, Math.sqrt(low * high), high] : roundTicks(low, high) };
}

function roundTicks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

const n = (value: number): string => value.toFixed(1);

const label = (value: number): string => {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6)
    ? value.toExponential(1).replace('.0e', 'e').replace('e+', 'e')
    : String(Number(value.toPrecision(4)));
};
