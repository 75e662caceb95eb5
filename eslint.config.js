import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import reactHooks from 'eslint-plugin-react-hooks';

/** Imports point one way (docs/architecture.md): each folder names the folders it must not reach into. */
const layers = {
  shared: ['core', 'services', 'database', 'workers', 'main', 'preload', 'web', 'cli', 'renderer'],
  core: ['services', 'database', 'workers', 'main', 'preload', 'web', 'cli', 'renderer'],
  database: ['core', 'services', 'workers', 'main', 'preload', 'web', 'cli', 'renderer'],
  services: ['workers', 'main', 'preload', 'web', 'cli', 'renderer'],
  workers: ['main', 'preload', 'web', 'cli', 'renderer', 'database'],
  renderer: ['core', 'services', 'database', 'workers', 'main', 'preload', 'web', 'cli'],
};

/** core/pictures/sharp.ts blocks the readers that must not be used, so everything loads sharp through it. */
const onlyHere = [{ name: 'sharp', message: 'Import core/pictures/sharp.ts, which blocks unsafe readers.' }];

export default tseslint.config(
  { ignores: ['out/**', 'dist/**', 'node_modules/**', 'test-results/**'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js', 'scripts/*.mjs'] } },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
    },
  },
  ...Object.entries(layers).map(([folder, forbidden]) => ({
    files: [`src/${folder}/**/*.{ts,tsx}`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: onlyHere,
          patterns: forbidden.map((name) => ({
            group: [`**/${name}/**`, '!@mantine/**'],
            message: `src/${folder} does not import src/${name}; see docs/architecture.md.`,
          })),
        },
      ],
    },
  })),
  { files: ['src/core/pictures/sharp.ts'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['src/renderer/**/*.{ts,tsx}'], ...reactHooks.configs.flat.recommended },
  {
    files: ['scripts/**', '**/*.mjs', 'eslint.config.js'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
    rules: { ...tseslint.configs.disableTypeChecked.rules, 'no-console': 'off' },
  },
);
