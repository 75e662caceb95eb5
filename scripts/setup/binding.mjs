import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { nodeModules } from './places.mjs';
import { projectNode } from './node.mjs';
import { SetupError, firstThatWorks, run, works } from './processes.mjs';

const tfjs = join(nodeModules, '@tensorflow', 'tfjs-node-gpu');
const place = join(tfjs, 'lib', 'napi-v8');
const binding = join(place, 'tfjs_binding.node');
const origin = join(place, 'origin.json');

/** What set-up put in place: which TensorFlow, for 'cpu' or 'gpu', from where. @returns {{ id: string, variant: 'cpu' | 'gpu' } | undefined} */
export function installedOrigin() {
  return existsSync(origin) && existsSync(binding) ? JSON.parse(readFileSync(origin, 'utf8')) : undefined;
}

/** Whether the binding in place and its libraries load, asked of a process of its own. */
export const bindingLoads = () => works(projectNode(), ['--eval', 'require(process.argv[1])', binding]);

/** Says that the binding has loaded, and which one. Beside it, so that it goes when the binding is replaced. */
const loaded = join(place, 'loaded.json');

/**
 * As {@link bindingLoads}, for every start of the program: loading takes half a second, so a binding that has loaded with this
 * Node on this system is not loaded again.
 */
export async function bindingHasLoaded() {
  const { mtimeMs, size } = statSync(binding);
  const now = JSON.stringify({ mtimeMs, size, node: projectNode(), system: release() });
  if (existsSync(loaded) && readFileSync(loaded, 'utf8') === now) return true;
  if (!(await bindingLoads())) return false;
  // Without the note, it is loaded again at the next start.
  await writeFile(loaded, now).catch(() => undefined);
  return true;
}

/** A C++ compiler, or undefined. */
export const findCompiler = () =>
  firstThatWorks([[process.env.CXX ?? ''], ['g++'], ['clang++'], ['c++']], ['--version']);

/**
 * Compiles the C++ sources that come in the npm package against a library in the cache. The result is kept beside the
 * library, so that the next clone only copies it.
 * @param {string} library from `fetchLibrary`
 * @returns {Promise<string>} the compiled file
 */
export async function compileBinding(library, say) {
  const { version } = JSON.parse(readFileSync(join(tfjs, 'package.json'), 'utf8'));
  const compiled = join(library, `tfjs_binding-${version}.node`);
  if (existsSync(compiled)) return compiled;
  const compiler = await findCompiler();
  if (!compiler) throw new SetupError('A C++ compiler was not found.');

  say("Compiling TensorFlow's binding for Node (10 seconds)");
  const sources = join(tfjs, 'binding');
  const partial = `${compiled}.partial`;
  const include = [join(nodeModules, 'node-api-headers', 'include'), join(library, 'tensorflow', 'include'), sources];
  await run(compiler[0], [
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
    ...include.flatMap((folder) => ['-I', folder]),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(sources, name)),
    ...['-o', partial],
    ...linked(library),
  ]);
  await rename(partial, compiled);
  return compiled;
}

/**
 * TensorFlow loads CUDA's libraries by name while it starts, and looks for them where Python would have put them. Linked
 * to our binding they are in memory by then, and found by their names.
 */
function linked(library) {
  const cuda = join(library, 'nvidia');
  const cudaFolders = existsSync(cuda)
    ? readdirSync(cuda)
        .map((name) => join(cuda, name, 'lib'))
        .filter(existsSync)
    : [];
  const cudaLibraries = cudaFolders.flatMap((folder) =>
    readdirSync(folder).filter((name) =>
      /^lib(cu(dart|blas|blasLt|fft|rand|solver|sparse|dnn|pti)|nvJitLink|nccl)\.so\.\d+$/.test(name),
    ),
  );
  const folders = [join(library, 'tensorflow'), ...cudaFolders];
  return [
    ...folders.flatMap((folder) => [`-L${folder}`, `-Wl,-rpath,${folder}`]),
    '-Wl,--no-as-needed',
    ...cudaLibraries.map((name) => `-l:${name}`),
    ...['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
  ];
}

/** Puts a compiled binding where the npm package looks for it; programs that run keep the one they have. */
export async function placeBinding(compiled, from) {
  await mkdir(place, { recursive: true });
  await copyFile(compiled, `${binding}.partial`);
  await rename(`${binding}.partial`, binding);
  await rememberOrigin(from);
}

export const rememberOrigin = (from) => writeFile(origin, `${JSON.stringify(from)}\n`);

/** The npm package's own installer: downloads an older TensorFlow and a binding from the makers' storage. */
export async function runPackageInstaller(variant) {
  await rm(join(place, 'tfjs_binding.node.partial'), { force: true });
  const path = [join(nodeModules, '.bin'), process.env.PATH].join(process.platform === 'win32' ? ';' : ':');
  await run(projectNode(), [join('scripts', 'install.js'), variant, 'download'], {
    cwd: tfjs,
    env: { ...process.env, PATH: path },
  });
}
