/** A TensorFlow.js graph that gives back its input. */
export const identityGraph = {
  format: 'graph-model',
  modelTopology: {
    node: [
      {
        name: 'x',
        op: 'Placeholder',
        attr: {
          dtype: { type: 'DT_FLOAT' },
          shape: { shape: { dim: ['1', '-1', '-1', '3'].map((size) => ({ size })) } },
        },
      },
      { name: 'y', op: 'Identity', input: ['x'], attr: { T: { type: 'DT_FLOAT' } } },
    ],
    versions: { producer: 1 },
  },
  weightsManifest: [],
};
