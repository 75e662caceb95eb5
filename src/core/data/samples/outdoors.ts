import type { Random } from '../../random.ts';
import {
  type Colour,
  HEIGHT,
  WIDTH,
  clamp,
  css,
  hsl,
  mix,
  noise,
  type Paint,
  pick,
  render,
  shade,
  smoothstep,
} from './canvas.ts';

interface Light {
  zenith: Colour;
  horizon: Colour;
  cloud: Colour;
  /** The light of the sun on the ground. */
  warmth: Colour;
}

const lights: readonly [Light, ...Light[]] = [
  { zenith: [0.16, 0.38, 0.72], horizon: [0.68, 0.82, 0.93], cloud: [0.98, 0.98, 0.97], warmth: [1.02, 1.0, 0.94] },
  { zenith: [0.2, 0.24, 0.47], horizon: [0.96, 0.6, 0.38], cloud: [0.95, 0.62, 0.55], warmth: [1.1, 0.86, 0.74] },
  { zenith: [0.3, 0.5, 0.7], horizon: [0.93, 0.86, 0.72], cloud: [1, 0.95, 0.88], warmth: [1.06, 0.98, 0.86] },
  { zenith: [0.42, 0.5, 0.58], horizon: [0.74, 0.78, 0.8], cloud: [0.86, 0.87, 0.88], warmth: [0.95, 0.97, 1] },
];

/** A sky with clouds that become flatter towards the horizon. */
function sky(random: Random, light: Light, horizon: number): Paint {
  const field = noise(random, 3, 6);
  const cover = random.range(-0.15, 0.3);
  return (u, v) => {
    const down = clamp(v / horizon);
    const clear = mix(light.zenith, light.horizon, down ** 1.4);
    const density = field(u, clamp(v * (1.4 + down)));
    const lit = mix(shade(light.cloud, 0.78), light.cloud, smoothstep(0, 0.7, density));
    return mix(clear, lit, smoothstep(cover, cover + 0.5, density) * (0.95 - 0.4 * down));
  };
}

/** Mountains behind wooded hills behind a meadow or a lake. */
export function landscape(random: Random): Promise<Buffer> {
  const light = pick(random, lights);
  const horizon = random.range(0.42, 0.6);
  const above = sky(random, light, horizon);
  const season = pick<Colour>(random, [
    [0.2, 0.36, 0.13],
    [0.28, 0.4, 0.12],
    [0.46, 0.34, 0.12],
    [0.16, 0.33, 0.2],
  ]);
  const rock: Colour = mix([0.42, 0.42, 0.45], [0.48, 0.38, 0.3], random.uniform());
  const [peaks, hills, wood, field, relief, stems] = [
    noise(random, 4, 6),
    noise(random, 3, 4),
    noise(random, 60, 3),
    noise(random, 40, 4),
    noise(random, 14, 5),
    noise(random, 120, 2),
  ];
  const snowline = horizon - random.range(0.1, 0.28);
  const lake = random.uniform() < 0.45 ? random.range(0.72, 0.8) : 2;

  const land: Paint = (u, v) => {
    const ridge = horizon - 0.12 - 0.24 * peaks(u, 0.5);
    const slope = horizon + 0.05 - 0.12 * hills(u, 0.3) - 0.012 * stems(u, 0.1);
    const meadow = 0.72 - 0.07 * hills(u, 0.9);
    if (v > meadow) {
      const near = smoothstep(meadow, 1, v);
      const grass = mix(shade(season, 1.25), [0.55, 0.56, 0.22], 0.35 + 0.3 * field(u, v));
      return shade(grass, 0.85 + 0.2 * relief(u, v) + (0.2 + 0.35 * near) * stems(u, v * 0.45));
    }
    if (v > slope) return shade(mix(season, [0.1, 0.16, 0.1], 0.35), 0.9 + 0.7 * wood(u, v) + 0.25 * relief(u, v));
    if (v > ridge) {
      const snow = smoothstep(0, 0.08, snowline - v + 0.1 * relief(u, v));
      // The slope of the terrain, lit from the left.
      const lit = 0.88 + 0.9 * (relief(u + 0.02, v) - relief(u - 0.02, v)) + 0.15 * wood(u, v);
      return shade(mix(rock, [0.95, 0.96, 1], snow), clamp(lit, 0.4, 1.2));
    }
    return above(u, v);
  };
  const warm = ([r, g, b]: Colour): Colour => [r * light.warmth[0], g * light.warmth[1], b * light.warmth[2]];
  const ripples = noise(random, 30, 3);
  return render(random, (u, v) => {
    if (v <= lake) return warm(land(u, v));
    // Water reflects what is above its shore, stretched sideways by ripples.
    const mirrored = land(clamp(u + 0.012 * ripples(u * 0.3, v)), clamp(2 * lake - v - 0.12, 0, 0.7));
    return warm(mix(shade(mirrored, 0.72), [0.1, 0.2, 0.26], 0.3 + 0.1 * ripples(u * 0.4, v)));
  });
}

/** A street of houses under the sky, with windows, trees and a sign. */
export function street(random: Random): Promise<Buffer> {
  const light = pick(random, lights);
  const above = sky(random, light, 0.75);
  const ground = noise(random, 40, 4);
  const kerb = HEIGHT * 0.84;
  const shapes: string[] = [];
  for (const [row, count] of [
    [0, 9],
    [1, 6],
  ] as const) {
    let x = -random.range(0, 20);
    for (let i = 0; i < count && x < WIDTH; i++) {
      const width = random.range(0.8, 1.4) * (WIDTH / count);
      const height = row === 0 ? random.range(110, 190) : random.range(70, 130);
      shapes.push(house(random, x, kerb - height, width, height, row === 0));
      x += width + (row === 0 ? 0 : random.range(0, 22));
    }
  }
  for (let x = random.range(5, 60); x < WIDTH; x += random.range(45, 120)) shapes.push(tree(random, x, kerb));
  const names = pick(random, ['BAKERY', 'BOOKS', 'CAFE 24', 'HOTEL', 'CINEMA', 'MARKET'] as const);
  const [sx, sy] = [random.range(30, 260), random.range(130, 160)];
  shapes.push(
    `<rect x="${sx}" y="${sy}" width="96" height="24" rx="3" fill="${css(hsl(random.uniform(), 0.6, 0.3))}"/><text x="${sx + 48}" y="${sy + 18}" font-size="17" font-weight="bold" text-anchor="middle" fill="#f6efdc">${names}</text>`,
  );
  const lane = Array.from(
    { length: 6 },
    (_, i) => `<rect x="${i * 72 + 10}" y="${HEIGHT * 0.93}" width="38" height="3.5" fill="#dcd7c4"/>`,
  );
  return render(
    random,
    (u, v) =>
      v < kerb / HEIGHT
        ? above(u, v)
        : shade(v < 0.87 ? [0.6, 0.58, 0.54] : [0.32, 0.32, 0.34], 1 + 0.35 * ground(u, v)),
    shapes.join('') + lane.join(''),
  );
}

function house(random: Random, x: number, y: number, width: number, height: number, far: boolean): string {
  const wall = far
    ? hsl(random.range(0.52, 0.65), random.range(0.05, 0.2), random.range(0.3, 0.55))
    : hsl(random.range(0.02, 0.14), random.range(0.2, 0.5), random.range(0.4, 0.72));
  const parts = [`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${css(wall)}"/>`];
  if (!far)
    parts.push(
      `<path d="M${x - 4} ${y} L${x + width / 2} ${y - random.range(16, 34)} L${x + width + 4} ${y}Z" fill="${css(hsl(random.range(0, 0.06), 0.5, random.range(0.24, 0.36)))}"/>`,
    );
  parts.push(
    `<rect x="${x + width * 0.82}" y="${y}" width="${width * 0.18}" height="${height}" fill="#000" opacity="0.16"/>`,
  );
  const [across, down] = far ? [9, 12] : [17, 26];
  for (let wy = y + 8; wy < y + height - down; wy += down) {
    for (let wx = x + 5; wx < x + width - across * 0.7; wx += across) {
      const pane = random.uniform() < 0.2 ? hsl(0.13, 0.8, 0.68) : hsl(0.57, 0.3, random.range(0.18, 0.4));
      parts.push(
        `<rect x="${wx}" y="${wy}" width="${across * 0.55}" height="${down * 0.58}" fill="${css(pane)}"${far ? '' : ' stroke="#efe8da" stroke-width="1.2"'}/>`,
      );
    }
  }
  return parts.join('');
}

function tree(random: Random, x: number, foot: number): string {
  const top = foot - random.range(34, 60);
  const leaves = Array.from({ length: 70 }, (_, i) => {
    const [angle, reach] = [random.range(0, 2 * Math.PI), Math.sqrt(random.uniform())];
    const colour = hsl(random.range(0.22, 0.34), 0.45, 0.12 + 0.22 * (i / 70));
    return `<circle cx="${x + 21 * reach * Math.cos(angle) - i / 12}" cy="${top + 22 * reach * Math.sin(angle) - i / 9}" r="${random.range(2.5, 5.5)}" fill="${css(colour)}"/>`;
  });
  return `<rect x="${x - 2.5}" y="${top}" width="5" height="${foot - top + 2}" fill="#4b3826"/>${leaves.join('')}`;
}
