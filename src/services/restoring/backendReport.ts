import { installedProviders } from '../../core/inference/backends/providers.ts';
import type { Check } from '../../shared/contract/app.ts';
import { type BackendId, backendTitles, type Distrust, type OnnxProvider, type Verdict } from '../../shared/devices.ts';
import { messageOf } from '../../shared/errors.ts';
import { tilesContract } from '../../shared/tileMessages.ts';
import { type Adapter, adapters, graphicsFingerprint } from '../app/graphics.ts';
import type { Home } from '../app/home.ts';
import { askChild, type ChildOptions } from '../jobs/childProcess.ts';
import { findingsIn, VerdictStore } from './verdictStore.ts';

/** A provider of ONNX Runtime, tested with one small convolution. */
export interface TriedProvider {
  backend: BackendId;
  works: boolean;
  /** The largest difference and the times in milliseconds, or the reason why it does not work. */
  detail: string;
}

/** Facts about the backends that can restore on this computer. */
export interface BackendReport {
  adapters: Adapter[];
  graphics: string;
  providers: TriedProvider[];
  /** Findings about models so far, with the current program, adapters and drivers. */
  findings: Verdict[];
}

/** A driver that hangs is ended together with its process. */
const TRY_MS = 120_000;
/** The convolution's values are up to 3. */
const MOST_DIFFERENCE = 1e-4;

/** Tests every installed backend, each in its own process, and reads the stored findings. */
export async function backendReport(home: Home, options: ChildOptions = {}): Promise<BackendReport> {
  const graphics = await graphicsFingerprint();
  const providers: TriedProvider[] = [];
  for (const provider of installedProviders()) providers.push(await tryOne(provider, options));
  const findings = new VerdictStore(findingsIn(home), graphics).all();
  return { adapters: await adapters(), graphics, providers, findings };
}

async function tryOne(provider: OnnxProvider, options: ChildOptions): Promise<TriedProvider> {
  const backend: BackendId = `onnx:${provider}`;
  try {
    const found = await askChild(tilesContract, 'tryDevice', { provider }, { ...options, timeMs: TRY_MS });
    const { difference, firstMs, nextMs } = found;
    const times = `first run ${firstMs.toFixed(0)} ms, next ${nextMs.toFixed(1)} ms`;
    if (difference <= MOST_DIFFERENCE) return { backend, works: true, detail: times };
    return { backend, works: false, detail: `wrong result (difference ${difference.toPrecision(2)})` };
  } catch (error) {
    return { backend, works: false, detail: messageOf(error) };
  }
}

/** Why a backend is not used, as text. */
const reasons: Readonly<Record<Distrust, string>> = {
  absent: 'not available',
  failed: 'it stopped working',
  slow: 'much slower than the processor',
  'not-a-number': 'values that are not numbers',
  black: 'a black picture',
  constant: 'a picture of one colour',
  different: 'another picture than the processor',
  size: 'a picture of the wrong size',
};

/** The report as lines of `mcir doctor`. */
export function backendChecks({ adapters: found, providers, findings }: BackendReport): Check[] {
  const names = found.map(({ name, driver }) => (driver === undefined ? name : `${name} (driver ${driver})`));
  return [
    { title: 'Graphics', state: 'ok', detail: names.join(', ') || 'the system names no adapter' },
    ...providers.map(({ backend, works, detail }): Check => ({
      title: backendTitles[backend],
      // A computer without such a GPU is not a problem.
      state: works || backend !== 'onnx:cpu' ? 'ok' : 'warning',
      detail: works ? `works; ${detail}${trustOf(backend, findings)}` : `not used: ${detail}`,
    })),
  ];
}

/** The models for which a backend gave the right result, and those for which it did not. */
function trustOf(backend: BackendId, findings: readonly Verdict[]): string {
  const own = findings.filter((each) => each.backend === backend);
  const distrusted = own.filter(({ distrust }) => distrust !== undefined && distrust !== 'slow');
  const trusted = new Set(own.filter(({ distrust }) => distrust === undefined).map(({ model }) => model));
  const not = distrusted.map(({ title, distrust }) => `${title} (${reasons[distrust as Distrust]})`);
  if (own.length === 0) return '; no model has been compared yet';
  return `; right for ${trusted.size} ${trusted.size === 1 ? 'model' : 'models'}${not.length > 0 ? `; not used for ${[...new Set(not)].join(', ')}` : ''}`;
}

/** Each model with its measurements, the newest per backend: for `mcir doctor --gpu` and the settings. */
export function describeFindings(findings: readonly Verdict[]): string[] {
  return findings.map(({ title, model, backend, width, height, distrust, detail, secondsPerMegapixel: seconds }) => {
    const speed = seconds === undefined ? '' : `, ${seconds.toPrecision(2)} s per megapixel`;
    const found = distrust === undefined ? 'right' : `not used: ${reasons[distrust]}`;
    const more = detail === undefined ? '' : ` (${detail.split('\n')[0]?.slice(0, 160)})`;
    return `${title} ${model.slice(0, 8)} on ${backendTitles[backend]}, tiles of ${width}x${height}: ${found}${more}${speed}`;
  });
}
