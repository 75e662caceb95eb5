import {
  bindingLoads,
  compileBinding,
  findCompiler,
  installedOrigin,
  placeBinding,
  rememberOrigin,
  runPackageInstaller,
} from './binding.mjs';
import { IntegrityError, SetupError } from './processes.mjs';
import { VERSION, fetchLibrary, findPython, isFetched, wheelsFor } from './wheel.mjs';

/**
 * TensorFlow and its binding for @tensorflow/tfjs-node-gpu. On Linux from a pinned wheel and the package's sources,
 * elsewhere, and where pip or a compiler is missing, by the package's own installer.
 * @param {'cpu' | 'gpu' | undefined} asked by default what is there already, else for the CPU
 */
export function tensorflow(asked) {
  const variant = asked ?? installedOrigin()?.variant ?? 'cpu';
  return {
    title: variant === 'gpu' ? 'TensorFlow for NVIDIA GPUs' : 'TensorFlow',

    async isDone() {
      const installed = installedOrigin();
      return installed !== undefined && installed.variant === variant && isCurrent(installed) && (await bindingLoads());
    },

    async install(say) {
      const wheels = wheelsFor(variant);
      if (wheels && (await fromWheel(wheels, variant, say))) return;
      await fromPackage(variant, say);
    },
  };
}

/** Whether a binding is of the TensorFlow that this version of the program asks for; the package's own installer knows one only. */
const isCurrent = ({ id, variant }) => id === 'package' || id === `${VERSION}-${wheelsFor(variant)}`;

/**
 * @returns {Promise<boolean>} false where this way is closed; why has been said
 * @throws IntegrityError for a wheel that is not the pinned one: the package's own installer checks nothing, so it must not follow
 */
export async function fromWheel(wheels, variant, say) {
  // Asked before the download; what the cache holds already needs neither.
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
