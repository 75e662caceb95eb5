/**
 * Who may import whom: the only place that says so (docs/architecture.md has the picture). `npm run imports` checks it.
 * Every import counts, those of types too.
 */

/** The layers of the program, from the bottom up, each with the layers that it may import. */
const layers = {
  shared: [],
  core: ['shared'],
  database: ['shared'],
  services: ['shared', 'core', 'database'],
  workers: ['shared', 'core', 'services'],
  renderer: ['shared'],
  preload: ['shared'],
  web: ['shared', 'services'],
  main: ['shared', 'services', 'web'],
  cli: ['shared', 'core', 'services'],
};

/** The parts of core, from the bottom up, each with the parts that it may import. All may import {@link everywhere}. */
const core = {
  files: [],
  engine: [],
  pictures: ['files'],
  looks: ['pictures'],
  degradations: ['pictures'],
  data: ['files', 'pictures', 'degradations'],
  metrics: ['pictures', 'data', 'networks', 'losses'],
  statistics: [],
  networks: ['engine'],
  formats: ['files', 'engine', 'networks'],
  inference: ['files', 'engine', 'pictures', 'networks', 'formats'],
  losses: ['engine', 'networks'],
  negatives: [],
  training: ['files', 'engine', 'pictures', 'data', 'metrics', 'networks', 'formats', 'losses', 'negatives'],
};
/** Small modules that every part of core may import. `formats/weights.ts` is a type: tensors under their names. */
const everywhere = ['random', 'jobControl', 'formats/weights'];

/** Layers that write files, and so may use core/files: whole or not at all, never through a planted link. */
const writers = ['core', 'database', 'services', 'workers', 'web', 'cli'];

const anyOf = (names) => `(${names.join('|')})`;

const betweenLayers = Object.entries(layers).map(([layer, allowed]) => ({
  name: `src/${layer}`,
  comment: `src/${layer} may import ${allowed.length > 0 ? allowed.map((name) => `src/${name}`).join(', ') : 'nothing else'}.`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: {
    path: '^src/',
    pathNot: `^src/${anyOf([layer, ...allowed, ...(writers.includes(layer) ? ['core/files'] : [])])}/`,
  },
}));

const betweenPartsOfCore = Object.entries(core).map(([part, allowed]) => ({
  name: `src/core/${part}`,
  comment: `src/core/${part} may import ${[...allowed, ...everywhere].map((name) => `core/${name}`).join(', ')}.`,
  severity: 'error',
  from: { path: `^src/core/${part}/` },
  to: { path: '^src/core/', pathNot: `^src/core/(${anyOf([part, ...allowed])}/|${anyOf(everywhere)}[.]ts$)` },
}));

/** What only these places of src may import. */
const onlyFrom = (places, { name, comment, to }) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^src/', pathNot: places },
  to: { path: to },
});

const unknownFolders = [
  {
    name: 'unknown-layer',
    comment: 'A new folder in src needs its line in .dependency-cruiser.mjs.',
    severity: 'error',
    from: {},
    to: { path: '^src/', pathNot: `^src/${anyOf(Object.keys(layers))}/` },
  },
  {
    name: 'unknown-part-of-core',
    comment: 'A new folder in src/core needs its line in .dependency-cruiser.mjs.',
    severity: 'error',
    from: {},
    to: { path: '^src/core/', pathNot: `^src/core/(${anyOf(Object.keys(core))}/|${anyOf(everywhere)}[.]ts$)` },
  },
];

/** Entry points: what is started by name. Everything else in src must be imported from one of them. */
const entryPoints = [
  '^src/(cli|web|main)/main[.]ts$',
  '^src/main/hostProcess[.]ts$',
  '^src/preload/preload[.]ts$',
  '^src/renderer/(main[.]tsx|vite-env[.]d[.]ts)$',
  '^src/workers/',
  '^src/core/pictures/translate/rawThread[.]ts$',
];

export default {
  forbidden: [
    ...betweenLayers,
    ...betweenPartsOfCore,
    ...unknownFolders,
    {
      name: 'circle',
      comment: 'Files that import each other cannot be read, tested or moved one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    onlyFrom('^src/core/', {
      name: 'inside-of-the-engine',
      to: '^src/core/engine/[^/]+/',
      comment: 'Outside of core, use the modules of core/engine itself, not its graphs, passes and tracing.',
    }),
    onlyFrom(`^src/${anyOf(writers)}/`, {
      name: 'file-helpers',
      to: '^src/core/files/',
      comment: 'core/files is for the layers that write files. Other layers leave files to the services.',
    }),
    onlyFrom('^src/core/engine/open[.]ts$', {
      name: 'native-tensorflow',
      to: '@tensorflow/tfjs-node',
      comment: 'Only core/engine/open.ts loads the native TensorFlow; core is written against @tensorflow/tfjs-core.',
    }),
    onlyFrom('^src/core/', { name: 'tensors-outside-core', to: '@tensorflow/', comment: 'Tensors stay in core.' }),
    onlyFrom('^src/core/pictures/sharp[.]ts$', {
      name: 'sharp',
      to: '^(node_modules/)?sharp(/|$)',
      comment: 'Import core/pictures/sharp.ts, which blocks unsafe readers.',
    }),
    onlyFrom('^src/(main|preload)/', {
      name: 'electron',
      to: '^(node_modules/)?electron(/|$)',
      comment: 'Only the Electron shell knows Electron; the same services also run in a terminal and behind a browser.',
    }),
    {
      name: 'development-only',
      comment: 'The installed program has no devDependencies. (Electron is there by itself.)',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/(electron|vite|@types)/',
      },
    },
    {
      name: 'unresolved',
      comment: 'The imported file or package does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^electron(/|$)' },
    },
    {
      name: 'unreached',
      comment: 'No entry point leads to this file: delete it, or import it.',
      severity: 'error',
      from: { path: entryPoints },
      to: { path: '^src/', pathNot: [...entryPoints, '[.]d[.]ts$'], reachable: false },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
