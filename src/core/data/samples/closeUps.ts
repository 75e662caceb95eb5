import type { Random } from '../../random.ts';
import { type Colour, HEIGHT, WIDTH, css, hsl, mix, noise, pick, render, shade } from './canvas.ts';

/** Layers of leaves, lighter towards the front, and some flowers. */
export function garden(random: Random): Promise<Buffer> {
  const soil = noise(random, 12, 6);
  const hue = random.range(0.2, 0.36);
  const count = 420;
  const leaves = Array.from({ length: count }, (_, i) => {
    const near = i / count;
    const size = random.range(14, 26) * (0.6 + 0.8 * near);
    const colour = hsl(
      hue + random.range(-0.04, 0.04),
      random.range(0.35, 0.6),
      0.1 + 0.3 * near + random.range(-0.04, 0.06),
    );
    const place = `translate(${random.range(-10, WIDTH + 10)} ${random.range(-10, HEIGHT + 10)}) rotate(${random.range(0, 360)}) scale(${size / 20})`;
    return `<g transform="${place}"><path d="M0 0 Q10 -9 20 0 Q10 9 0 0Z" fill="${css(colour)}"/><path d="M0 0 H18" stroke="${css(shade(colour, 1.35))}" stroke-width="0.7"/><path d="M0 0 Q10 9 20 0" fill="none" stroke="#000" stroke-opacity="0.35" stroke-width="0.8"/></g>`;
  });
  const petals = hsl(pick(random, [0.95, 0.13, 0.78, 0.03] as const), 0.75, 0.62);
  const flowers = Array.from({ length: random.integer(5, 14) }, () => flower(random, petals));
  return render(random, (u, v) => shade([0.12, 0.17, 0.07], 1 + 0.7 * soil(u, v)), leaves.join('') + flowers.join(''));
}

function flower(random: Random, colour: Colour): string {
  const [petals, size] = [random.integer(5, 9), random.range(7, 15)];
  const around = Array.from({ length: petals }, (_, i) => {
    const tone = css(shade(colour, random.range(0.82, 1.1)));
    return `<ellipse cx="${size}" cy="0" rx="${size}" ry="${(size * 2.4) / petals}" transform="rotate(${(360 * i) / petals})" fill="${tone}" stroke="#000" stroke-opacity="0.2" stroke-width="0.6"/>`;
  });
  return `<g transform="translate(${random.range(15, WIDTH - 15)} ${random.range(15, HEIGHT - 15)}) rotate(${random.range(0, 90)})">${around.join('')}<circle r="${size * 0.45}" fill="#e7b733" stroke="#7a5410"/></g>`;
}

/** Fruit and books on a wooden table. */
export function table(random: Random): Promise<Buffer> {
  const [grain, veins, plaster] = [noise(random, 3, 4), noise(random, 50, 3), noise(random, 10, 5)];
  const edge = random.range(0.52, 0.62);
  const wood = hsl(random.range(0.06, 0.09), 0.45, random.range(0.28, 0.42));
  const wall = hsl(random.uniform(), random.range(0.1, 0.35), random.range(0.35, 0.62));
  const shapes = [books(random, random.range(10, 60), edge * HEIGHT + 14)];
  const fruits = Array.from({ length: random.integer(4, 7) }, () => ({
    x: random.range(40, WIDTH - 30),
    y: HEIGHT * random.range(edge + 0.12, 0.9),
    size: random.range(17, 30),
  }));
  fruits.sort((a, b) => a.y - b.y).forEach(({ x, y, size }, i) => shapes.push(fruit(random, `f${i}`, x, y, size)));
  return render(
    random,
    (u, v) => {
      if (v < edge) return shade(wall, 0.8 + 0.35 * u + 0.12 * plaster(u, v));
      // Boards run horizontally: noise stretched along u.
      const rings = Math.sin((grain(u * 0.35, v) * 2 + v * 9) * 9) * 0.5 + veins(u * 0.12, v) * 0.6;
      const joint = Math.abs(((v - edge) * 6) % 1) < 0.03 ? 0.55 : 1;
      return shade(mix(wood, shade(wood, 1.45), 0.5 + 0.4 * rings), joint * (0.85 + 0.2 * v));
    },
    shapes.join(''),
  );
}

function fruit(random: Random, id: string, x: number, y: number, size: number): string {
  const colour = hsl(pick(random, [0.01, 0.09, 0.15, 0.26, 0.97] as const) + random.range(-0.01, 0.02), 0.75, 0.5);
  const stops = [
    [0, 1.5],
    [35, 1.05],
    [80, 0.6],
    [100, 0.4],
  ].map(([at = 0, factor = 1]) => `<stop offset="${at}%" stop-color="${css(shade(colour, factor))}"/>`);
  const spots = Array.from({ length: 30 }, () => {
    const [angle, reach] = [random.range(0, 6.3), size * 0.85 * Math.sqrt(random.uniform())];
    return `<circle cx="${x + reach * Math.cos(angle)}" cy="${y - size + reach * Math.sin(angle)}" r="${random.range(0.4, 1)}" fill="#fff" opacity="0.3"/>`;
  });
  return (
    `<defs><radialGradient id="${id}" cx="36%" cy="30%" r="75%">${stops.join('')}</radialGradient></defs>` +
    `<ellipse cx="${x + size * 0.35}" cy="${y - size * 0.06}" rx="${size * 1.15}" ry="${size * 0.3}" fill="#000" opacity="0.4"/>` +
    `<circle cx="${x}" cy="${y - size}" r="${size}" fill="url(#${id})"/>${spots.join('')}` +
    `<path d="M${x} ${y - 1.9 * size} q3 -7 8 -10" stroke="#3f2b14" stroke-width="2.5" fill="none"/>`
  );
}

function books(random: Random, left: number, foot: number): string {
  const titles = ['HISTORY', 'LIGHT', 'ATLAS', 'WEATHER', 'FOG', 'STARS', 'RIVERS', 'COLOUR'];
  let x = left;
  return titles
    .slice(0, random.integer(4, 8))
    .map((title) => {
      const [width, height] = [random.range(16, 28), random.range(80, 112)];
      const at = x;
      x += width + 1;
      const cover = hsl(random.uniform(), random.range(0.3, 0.65), random.range(0.22, 0.45));
      return (
        `<rect x="${at}" y="${foot - height}" width="${width}" height="${height}" rx="1.5" fill="${css(cover)}"/>` +
        `<rect x="${at}" y="${foot - height + 8}" width="${width}" height="3" fill="#e9d9a4"/><rect x="${at + width - 3}" y="${foot - height}" width="3" height="${height}" fill="#000" opacity="0.25"/>` +
        `<text transform="translate(${at + width * 0.64} ${foot - 8}) rotate(-90)" font-size="${width * 0.52}" fill="#f2e8cf">${title}</text>`
      );
    })
    .join('');
}

/** A brick wall with a poster on it. */
export function wall(random: Random): Promise<Buffer> {
  const [stain, pores] = [noise(random, 4, 5), noise(random, 70, 3)];
  const brick = hsl(random.range(0, 0.07), random.range(0.35, 0.55), random.range(0.32, 0.45));
  const [rows, columns] = [15, 9];
  const tones = Float32Array.from({ length: rows * (columns + 1) }, () => random.range(0.72, 1.2));
  return render(
    random,
    (u, v) => {
      const row = Math.floor(v * rows);
      const across = u * columns + (row % 2) * 0.5;
      const [x, y] = [across % 1, (v * rows) % 1];
      const light = 0.9 + 0.22 * stain(u, v) + 0.22 * pores(u, v);
      if (x < 0.045 || y < 0.11) return shade([0.66, 0.63, 0.58], light);
      // The upper edge of a brick catches the light, the lower one lies in shadow.
      const lower = y > 0.9 ? 0.78 : 1;
      const relief = y < 0.22 ? 1.14 : lower;
      return shade(brick, light * relief * (tones[row * (columns + 1) + Math.floor(across)] ?? 1));
    },
    poster(random),
  );
}

function poster(random: Random): string {
  const [x, y] = [random.range(30, 190), random.range(16, 50)];
  const hue = random.uniform();
  const lines = pick<readonly string[]>(random, [
    ['SUMMER', 'CONCERT', 'in the park', '21 JUNE 19:30'],
    ['THE', 'HARBOUR', 'a film in colour', 'FROM FRIDAY'],
    ['CITY', 'MARATHON', 'start 9:00', '42.195 km'],
  ]);
  const ray = css(hsl(hue + 0.12, 0.7, 0.62));
  const rays = Array.from(
    { length: 12 },
    (_, i) => `<path d="M0 0 L44 -5 L44 5Z" transform="rotate(${i * 30})" fill="${ray}"/>`,
  );
  const text = lines.map(
    (line, i) =>
      `<text x="75" y="${[34, 60, 170, 187][i] ?? 0}" font-size="${[23, 23, 14, 13][i] ?? 14}" font-weight="${i < 2 ? 'bold' : 'normal'}" text-anchor="middle" fill="#f7f1e3">${line}</text>`,
  );
  return (
    `<g transform="translate(${x} ${y}) rotate(${random.range(-4, 4)})"><rect x="4" y="5" width="150" height="195" fill="#000" opacity="0.4"/>` +
    `<rect width="150" height="195" fill="${css(hsl(hue, 0.55, 0.27))}"/><g transform="translate(75 112)">${rays.join('')}<circle r="25" fill="${css(hsl(hue + 0.1, 0.8, 0.58))}"/></g>${text.join('')}</g>`
  );
}
