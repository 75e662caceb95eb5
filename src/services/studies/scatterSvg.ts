import { escapeXml as e } from '../training/report/escapeXml.ts';

const side = 420;
const margin = 60;

/** PSNR of one arm against another, one point per picture and seed. Above the line, the first arm is better. */
export function scatterSvg(points: readonly (readonly [number, number])[], arm: string, baseline: string): string {
  const all = points.flat();
  if (all.length === 0) return '';
  const low = Math.floor(Math.min(...all) - 0.5);
  const high = Math.ceil(Math.max(...all) + 0.5);
  const at = (value: number): number => margin + ((value - low) / (high - low)) * (side - 2 * margin);
  const x = (value: number): string => at(value).toFixed(1);
  const y = (value: number): string => (side - at(value)).toFixed(1);
  const axis = [low, high].map(
    (value) =>
      `<text x="${x(value)}" y="${side - margin + 18}" text-anchor="middle">${value}</text><text x="${margin - 8}" y="${y(value)}" text-anchor="end">${value}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" font-family="sans-serif" font-size="12">`,
    `<title>${e(`PSNR in dB of ${arm} over ${baseline}`)}</title>`,
    `<path d="M${x(low)} ${y(low)}L${x(high)} ${y(high)}" stroke="#999"/>`,
    ...points.map(([base, own]) => `<circle cx="${x(base)}" cy="${y(own)}" r="3" fill="#0072b2" fill-opacity="0.6"/>`),
    ...axis,
    `<text x="${side / 2}" y="${side - 12}" text-anchor="middle">${e(baseline)}, dB</text>`,
    `<text x="16" y="${side / 2}" text-anchor="middle" transform="rotate(-90 16 ${side / 2})">${e(arm)}, dB</text>`,
    '</svg>',
  ].join('');
}
