import type { Handlers } from '../../shared/contract.ts';
import { changelog, libraries, licence } from './about.ts';
import { devicesHere, measuredSpeeds } from '../restoring/measured.ts';
import { findingsIn, VerdictStore } from '../restoring/verdictStore.ts';
import { graphicsFingerprint } from './graphics.ts';
import { examine } from './doctor.ts';
import { lastLines } from './log.ts';
import { writeReport } from './bugReport.ts';
import type { StudioContext } from '../studio/context.ts';

const LOG_LINES = 400;

/** Handlers of the calls about the health of the program and its components. */
export function healthHandlers({
  services,
  handles,
}: StudioContext): Pick<Handlers, 'app.check' | 'app.devices' | 'app.log' | 'app.report' | 'app.about'> {
  const { home } = services;
  return {
    'app.devices': async () => ({
      devices: devicesHere(),
      measured: measuredSpeeds(new VerdictStore(findingsIn(home), await graphicsFingerprint()).all()),
    }),
    'app.check': async () => (await examine(home)).checks,
    'app.log': () => Promise.resolve(lastLines(home, LOG_LINES)),
    'app.report': async () => handles.place(await writeReport(services)),
    'app.about': async () => ({ changelog: await changelog(), licence: await licence(), libraries: await libraries() }),
  };
}
