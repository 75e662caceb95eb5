import { installedProviders } from '../../core/inference/backends/providers.ts';
import { type DeviceChoice, isOnProcessor, type Verdict } from '../../shared/devices.ts';

/** The devices that users can choose here, apart from the engine for training. */
export const devicesHere = (): DeviceChoice[] => [
  'auto',
  'cpu',
  ...installedProviders().filter((provider) => provider !== 'cpu'),
];

/** Seconds per megapixel of a model, on the fastest device of each kind that gave the right picture. */
export interface MeasuredSpeed {
  title: string;
  processor?: number;
  gpu?: number;
}

/** The findings in readable form: one line for each timed model. */
export function measuredSpeeds(findings: readonly Verdict[]): MeasuredSpeed[] {
  const models = new Map<string, MeasuredSpeed>();
  for (const { model, title, backend, distrust, secondsPerMegapixel: seconds } of findings) {
    if (seconds === undefined || distrust !== undefined) continue;
    const kind = isOnProcessor(backend) ? 'processor' : 'gpu';
    const known = models.get(model) ?? { title };
    models.set(model, { ...known, [kind]: Math.min(known[kind] ?? Infinity, seconds) });
  }
  return [...models.values()];
}
