import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { constantAttributes, DT, type GraphNode } from '../../../../../src/core/engine/graph/nodes.ts';
import { openEngine } from '../../../../../src/core/engine/open.ts';
import { compileGraph } from '../../../../../src/core/engine/compileGraph.ts';
import { randomStream } from '../../../../../src/core/random.ts';
import { fuseGraph } from '../../../../../src/core/engine/passes/fuse/fuseGraph.ts';

const random = randomStream(1, 'fuse');

/** A graph as JAX's exporter writes it, one operation after the other; every call gives the name of what it made. */
class Drawn {
  readonly nodes: GraphNode[] = [
    {
      name: 'x',
      op: 'Placeholder',
      inputs: [],
      attrs: { dtype: { type: DT.float32 }, shape: { shape: [-1, -1, -1, 8] } },
      outputs: [],
    },
  ];

  op(op: string, inputs: string[], attrs: GraphNode['attrs'] = { T: { type: DT.float32 } }): string {
    const name = `${op}_${this.nodes.length}`;
    this.nodes.push({ name, op, inputs, attrs, outputs: [] });
    return name;
  }

  floats(
    shape: number[],
    values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.range(-0.5, 0.5)),
  ): string {
    return this.op(
      'Const',
      [],
      constantAttributes(DT.float32, shape, new Uint8Array(Float32Array.from(values).buffer)),
    );
  }

  integers(...values: number[]): string {
    return this.op(
      'Const',
      [],
      constantAttributes(DT.int32, [values.length], new Uint8Array(Int32Array.from(values).buffer)),
    );
  }

  integer(value: number): string {
    return this.op('Const', [], constantAttributes(DT.int32, [], new Uint8Array(Int32Array.of(value).buffer)));
  }

  number = (value: number): string => this.floats([], [value]);

  layerNorm(x: string, channels: number, { eps = 1e-6, squared = x } = {}): string {
    const shape = this.op('Shape', [x], { T: { type: DT.float32 }, out_type: { type: DT.int32 } });
    const sizes = [0, 1, 2].map((i) =>
      this.op('GatherV2', [shape, this.integer(i), this.integer(0)], {
        Tparams: { type: DT.int32 },
        Tindices: { type: DT.int32 },
        Taxis: { type: DT.int32 },
      }),
    );
    const withAxis = (y: string): string =>
      this.op(
        'Reshape',
        [y, this.op('Pack', [...sizes, this.integer(1)], { N: { int: 4 }, T: { type: DT.int32 }, axis: { int: 0 } })],
        { T: { type: DT.float32 }, Tshape: { type: DT.int32 } },
      );
    const mean = (y: string): string =>
      this.op('Mul', [
        this.op('Sum', [y, this.integers(3)], {
          T: { type: DT.float32 },
          Tidx: { type: DT.int32 },
          keep_dims: { bool: false },
        }),
        this.number(1 / channels),
      ]);
    const average = mean(x);
    const variance = this.op('Maximum', [
      this.number(0),
      this.op('Sub', [mean(this.op('Square', [squared])), this.op('Square', [average])]),
    ]);
    const centred = this.op('Sub', [x, withAxis(average)]);
    const scale = this.op('Mul', [
      this.op('Rsqrt', [this.op('AddV2', [withAxis(variance), this.number(eps)])]),
      this.floats([1, 1, 1, channels]),
    ]);
    return this.op('AddV2', [this.op('Mul', [centred, scale]), this.floats([1, 1, 1, channels])]);
  }

  dense(x: string, from: number, to: number): string {
    const product = this.op('Einsum', [x, this.floats([from, to])], {
      N: { int: 2 },
      T: { type: DT.float32 },
      equation: { string: 'abcg,gf->abcf' },
    });
    return this.op('AddV2', [product, this.floats([1, 1, 1, to])]);
  }

  gelu(x: string, half = 0.5): string {
    const cubic = this.op('Mul', [this.op('Mul', [this.number(0.044715), x]), this.op('Square', [x])]);
    const tanh = this.op('Tanh', [this.op('Mul', [this.number(Math.sqrt(2 / Math.PI)), this.op('AddV2', [x, cubic])])]);
    return this.op('Mul', [this.op('Mul', [this.number(half), x]), this.op('AddV2', [this.number(1), tanh])]);
  }

  transpose = (x: string, ...order: number[]): string =>
    this.op('Transpose', [x, this.integers(...order)], { T: { type: DT.float32 }, Tperm: { type: DT.int32 } });

  /** One side of x, and a whole multiple of it. */
  side(x: string, axis: number, factor = 1): string {
    const shape = this.op('Shape', [x], { T: { type: DT.float32 }, out_type: { type: DT.int32 } });
    const side = this.op('GatherV2', [shape, this.integer(axis), this.integer(0)], {
      Tparams: { type: DT.int32 },
      Tindices: { type: DT.int32 },
      Taxis: { type: DT.int32 },
    });
    return this.op('Mul', [side, this.integer(factor)], { T: { type: DT.int32 } });
  }

  pack = (...sizes: string[]): string =>
    this.op('Pack', sizes, { N: { int: sizes.length }, T: { type: DT.int32 }, axis: { int: 0 } });

  /** Channels of x, the way JAX slices them. */
  channels(x: string, from: number, to: number): string {
    const bounds = [
      this.integers(0, 0, 0, from),
      this.pack(...[0, 1, 2].map((axis) => this.side('x', axis)), this.integer(to)),
      this.integers(1, 1, 1, 1),
    ];
    return this.op('StridedSlice', [x, ...bounds], {
      T: { type: DT.float32 },
      Index: { type: DT.int32 },
      shrink_axis_mask: { int: 0 },
    });
  }

  /** x resized by `jax.image.resize(…, 'linear')`. */
  resized(x: string, times: number, by = 1, { half = 0.5 } = {}): string {
    const matrix = (axis: number): string =>
      this.stretch(
        this.side(x, axis),
        this.op('FloorDiv', [this.side(x, axis, times), this.integer(by)], { T: { type: DT.int32 } }),
        half,
      );
    const rows = this.einsum('gb,cgef->bcef', matrix(1), x);
    return this.transpose(this.einsum('abgd,gf->abdf', rows, matrix(2)), 1, 0, 3, 2);
  }

  /** The matrix for one side (jax.image.scale_and_translate). */
  stretch(from: string, to: string, half: number): string {
    const cast = (x: string): string => this.op('Cast', [x], { SrcT: { type: DT.int32 }, DstT: { type: DT.float32 } });
    const count = (n: string): string =>
      cast(this.op('Range', [this.integer(0), n, this.integer(1)], { Tidx: { type: DT.int32 } }));
    const shaped = (x: string, ...shape: number[]): string =>
      this.op('Reshape', [x, this.integers(...shape)], { T: { type: DT.float32 }, Tshape: { type: DT.int32 } });
    const abs = (x: string): string => this.op('Abs', [x]);
    const between = this.op('Reciprocal', [this.op('RealDiv', [cast(to), cast(from)])]);
    const created = this.op('Sub', [
      this.op('Mul', [this.op('AddV2', [count(to), this.number(0.5)]), between]),
      this.number(half),
    ]);
    const apart = abs(this.op('Sub', [shaped(created, 1, -1), shaped(count(from), -1, 1)]));
    const weight = this.op('Maximum', [
      this.number(0),
      this.op('Sub', [this.number(1), abs(this.op('RealDiv', [apart, this.op('Maximum', [between, this.number(1)])]))]),
    ]);
    const total = shaped(
      this.op('Sum', [weight, this.integers(0)], {
        T: { type: DT.float32 },
        Tidx: { type: DT.int32 },
        keep_dims: { bool: false },
      }),
      1,
      -1,
    );
    const normalised = this.op('RealDiv', [
      weight,
      this.op('SelectV2', [this.op('NotEqual', [total, this.number(0)]), total, this.number(1)]),
    ]);
    const certain = this.op('SelectV2', [
      this.op('Greater', [abs(total), this.number(1e-4)]),
      normalised,
      this.number(0),
    ]);
    return this.op('SelectV2', [
      this.op('GreaterEqual', [shaped(created, 1, -1), this.number(-0.5)]),
      certain,
      this.number(0),
    ]);
  }

  convolution(x: string, side: number, from: number, to: number): string {
    const attrs = {
      T: { type: DT.float32 },
      strides: { ints: [1, 1, 1, 1] },
      padding: { string: 'SAME' },
      data_format: { string: 'NHWC' },
    };
    return this.op('AddV2', [
      this.op('Conv2D', [x, this.floats([side, side, from, to])], attrs),
      this.floats([1, 1, 1, to]),
    ]);
  }

  einsum = (equation: string, a: string, b: string): string =>
    this.op('Einsum', [a, b], { N: { int: 2 }, T: { type: DT.float32 }, equation: { string: equation } });
}

/** The graph's operations after fusing, having compared both results for pictures of these sizes. */
function fused(graph: Drawn, output: string, sizes: [number, number][] = [[16, 24]]): string[] {
  const nodes = fuseGraph(graph.nodes, output);
  const [before, after] = [compileGraph(graph.nodes), compileGraph(nodes)];
  for (const [height, width] of sizes) {
    const x = tf.randomNormal<tf.Rank.R4>([2, height, width, 8], 0.3, 2, 'float32', 1);
    const [expected, got] = [before, after].map((session) => session.run({ x }, [output])[0] as tf.Tensor);
    expect(got?.shape).toEqual(expected?.shape);
    const [largest, difference] = tf.tidy(() =>
      [tf.max(tf.abs(expected as tf.Tensor)), tf.max(tf.abs(tf.sub(expected as tf.Tensor, got as tf.Tensor)))].map(
        (value) => value.dataSync()[0] as number,
      ),
    ) as [number, number];
    expect(largest).toBeGreaterThan(0.1);
    expect(difference).toBeLessThan(2e-5 * Math.max(1, largest));
  }
  before.dispose();
  after.dispose();
  return nodes.map(({ op }) => op);
}

const heavy = (operations: string[]): string[] =>
  operations.filter((op) =>
    [
      '_MklLayerNorm',
      '_FusedMatMul',
      '_FusedConv2D',
      'Conv2D',
      'ScaleAndTranslate',
      'Einsum',
      'Transpose',
      'Tanh',
      'Rsqrt',
      'Sum',
    ].includes(op),
  );

// The operations are those of TensorFlow's build with oneDNN.
describe.runIf(process.arch === 'x64' && process.platform !== 'darwin')(
  'patterns of JAX become one operation each',
  () => {
    beforeAll(() => void openEngine());

    it('layer norm, whatever the size', () => {
      const graph = new Drawn();
      expect(
        heavy(
          fused(graph, graph.layerNorm('x', 8), [
            [16, 24],
            [5, 3],
          ]),
        ),
      ).toEqual(['_MklLayerNorm']);
    });

    it('a dense layer, with GELU and without', () => {
      const graph = new Drawn();
      expect(
        heavy(
          fused(graph, graph.dense(graph.gelu(graph.dense('x', 8, 16)), 16, 5), [
            [16, 24],
            [5, 3],
          ]),
        ),
      ).toEqual(['_FusedMatMul', '_FusedMatMul']);
    });

    it('halves of a dense layer, each from half of its matrix', () => {
      const graph = new Drawn();
      const both = graph.gelu(graph.dense('x', 8, 12));
      const output = graph.op('Mul', [graph.channels(both, 0, 6), graph.channels(both, 6, 12)]);
      expect(
        heavy(
          fused(graph, output, [
            [16, 24],
            [5, 3],
          ]),
        ),
      ).toEqual(['_FusedMatMul', '_FusedMatMul']);

      const readWhole = new Drawn();
      const whole = readWhole.dense('x', 8, 12);
      const parts = readWhole.op('ConcatV2', [readWhole.channels(whole, 0, 5), whole, readWhole.integer(3)], {
        N: { int: 2 },
        T: { type: DT.float32 },
        Tidx: { type: DT.int32 },
      });
      expect(heavy(fused(readWhole, parts))).toEqual(['_FusedMatMul']);
    });

    it('a gating unit over rows or columns, without transposition and with all that is added', () => {
      for (const order of [
        [0, 3, 2, 1],
        [0, 1, 3, 2],
      ]) {
        const graph = new Drawn();
        const length = order[3] === 1 ? 16 : 24;
        const gate = graph.transpose(graph.dense(graph.transpose('x', ...order), length, length), ...order);
        const operations = fused(graph, graph.op('Mul', ['x', graph.op('AddV2', [gate, graph.number(1)])]));
        expect(heavy(operations)).toEqual(['_FusedConv2D']);
        expect(operations).not.toContain('AddV2');
      }
    });

    it('products with constant matrices on both axes, without transposition', () => {
      const graph = new Drawn();
      const rows = graph.einsum('gb,cgef->bcef', graph.floats([16, 32]), 'x');
      const both = graph.transpose(graph.einsum('abgd,gf->abdf', rows, graph.floats([24, 12])), 1, 0, 3, 2);
      expect(heavy(fused(graph, both))).toEqual(['_FusedConv2D', '_FusedConv2D']);
    });

    it('resizing written as two matrices, larger and smaller, behind a convolution that leaves fewer channels', () => {
      for (const [times, by] of [
        [2, 1],
        [1, 2],
        [3, 2],
      ] as const) {
        const alone = new Drawn();
        expect(
          heavy(
            fused(alone, alone.resized('x', times, by), [
              [16, 24],
              [6, 10],
            ]),
          ),
        ).toEqual(['ScaleAndTranslate']);
        const fewer = new Drawn();
        expect(heavy(fused(fewer, fewer.convolution(fewer.resized('x', times, by), 1, 8, 3)))).toEqual([
          'Conv2D',
          'ScaleAndTranslate',
        ]);
        const more = new Drawn();
        expect(heavy(fused(more, more.convolution(more.resized('x', times, by), 1, 8, 9)))).toEqual([
          'ScaleAndTranslate',
          'Conv2D',
        ]);
        const wide = new Drawn();
        expect(heavy(fused(wide, wide.convolution(wide.resized('x', times, by), 3, 8, 3)))).toEqual([
          'ScaleAndTranslate',
          'Conv2D',
        ]);
      }
      const shifted = new Drawn();
      expect(heavy(fused(shifted, shifted.resized('x', 2, 1, { half: 0.25 })))).not.toContain('ScaleAndTranslate');
    });

    it('what is written twice is computed once', () => {
      const graph = new Drawn();
      const [one, other] = [graph.channels('x', 0, 4), graph.channels('x', 0, 4)];
      expect(
        fused(graph, graph.op('Mul', [one, other])).filter((op) => ['Shape', 'Pack', 'StridedSlice'].includes(op)),
      ).toEqual(['Shape', 'Pack', 'StridedSlice']);
    });

    it('a graph that goes in a circle is left to TensorFlow to refuse', () => {
      const graph = new Drawn();
      const first = graph.op('Mul', ['x', 'Mul_2']);
      graph.op('Mul', ['x', first]);
      expect(fuseGraph(graph.nodes, first)).toHaveLength(3);
    });

    it('what only looks like one of them stays as it is', () => {
      const other = new Drawn();
      const squares = other.op('Mul', ['x', other.number(2)]);
      expect(heavy(fused(other, other.layerNorm('x', 8, { squared: squares })))).not.toContain('_MklLayerNorm');

      const third = new Drawn();
      expect(heavy(fused(third, third.gelu(third.dense('x', 8, 16), 0.3)))).toEqual(['_FusedMatMul', 'Tanh']);

      const turned = new Drawn();
      expect(
        heavy(fused(turned, turned.transpose(turned.dense(turned.transpose('x', 0, 3, 2, 1), 16, 16), 0, 2, 1, 3))),
      ).toEqual(['Transpose', '_FusedMatMul', 'Transpose']);
    });
  },
);
