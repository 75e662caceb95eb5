/**
 * Small ICC profiles (ICC.1:2022) for tests, written here because their common files may not be copied: a matrix and one
 * gamma for RGB, a gamma alone for grey.
 */
const spaces = {
  sRGB: {
    gamma: 2.2,
    colorants: [
      [0.43607, 0.2225, 0.01393],
      [0.38506, 0.71688, 0.0971],
      [0.14308, 0.06062, 0.71417],
    ],
  },
  'Display P3': {
    gamma: 2.2,
    colorants: [
      [0.51512, 0.2412, -0.00105],
      [0.29198, 0.69225, 0.04189],
      [0.1571, 0.06657, 0.78407],
    ],
  },
  'Adobe RGB': {
    gamma: 563 / 256,
    colorants: [
      [0.60974, 0.31111, 0.01947],
      [0.20528, 0.62567, 0.06087],
      [0.14919, 0.06322, 0.74457],
    ],
  },
  ProPhoto: {
    gamma: 1.8,
    colorants: [
      [0.79767, 0.28804, 0],
      [0.13519, 0.71187, 0],
      [0.03135, 0.00009, 0.82521],
    ],
  },
  linear: {
    gamma: 1,
    colorants: [
      [0.43607, 0.2225, 0.01393],
      [0.38506, 0.71688, 0.0971],
      [0.14308, 0.06062, 0.71417],
    ],
  },
  'grey, gamma 2.2': { gamma: 2.2, colorants: [] },
  'grey, linear': { gamma: 1, colorants: [] },
} as const;

export type ProfileName = keyof typeof spaces;

/** The bytes of a profile. */
export function iccProfile(name: ProfileName): Buffer {
  const { gamma, colorants } = spaces[name];
  const grey = colorants.length === 0;
  const curve = element(
    'curv',
    u32(1),
    Buffer.from([Math.floor(gamma), Math.round((gamma % 1) * 256)]),
    Buffer.alloc(2),
  );
  const tags: [string, Buffer][] = [
    ['desc', element('desc', u32(name.length + 1), Buffer.from(`${name}\0`, 'latin1'), Buffer.alloc(78))],
    ['cprt', element('text', Buffer.from('No copyright\0', 'latin1'))],
    ['wtpt', xyz([0.9642, 1, 0.8249])],
    ...(grey
      ? [['kTRC', curve] as [string, Buffer]]
      : ['r', 'g', 'b'].flatMap((c, i): [string, Buffer][] => [
          [`${c}XYZ`, xyz(colorants[i] ?? [])],
          [`${c}TRC`, curve],
        ])),
  ];
  let offset = 128 + 4 + 12 * tags.length;
  const index: Buffer[] = [u32(tags.length)];
  for (const [tag, { length }] of tags) {
    index.push(Buffer.from(tag, 'latin1'), u32(offset), u32(length));
    offset += length;
  }
  const header = Buffer.alloc(128);
  header.writeUInt32BE(offset, 0);
  header.writeUInt32BE(0x02100000, 8);
  header.write(`mntr${grey ? 'GRAY' : 'RGB '}XYZ `, 12, 'latin1');
  header.write('acsp', 36, 'latin1');
  xyz([0.9642, 1, 0.8249]).copy(header, 68, 8, 20); // the illuminant, D50
  return Buffer.concat([header, ...index, ...tags.map(([, data]) => data)]);
}

const u32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer).swap32();

/** A tagged element, filled up to a multiple of four bytes. */
function element(type: string, ...parts: Buffer[]): Buffer {
  const data = Buffer.concat([Buffer.from(type, 'latin1'), Buffer.alloc(4), ...parts]);
  return Buffer.concat([data, Buffer.alloc(-data.length & 3)]);
}

/** Numbers of 16 bits before and 16 after the point. */
const xyz = (values: readonly number[]): Buffer =>
  element('XYZ ', Buffer.from(Int32Array.from(values, (v) => Math.round(v * 65536)).buffer).swap32());
