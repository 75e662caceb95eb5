import { createInterface } from 'node:readline';
import { openHome } from '../../../src/services/app/home.ts';
import { openServices } from '../../../src/services/app/openServices.ts';
import { openStudio } from '../../../src/services/studio/studio.ts';
import { effect, exportSettings } from '../../../src/shared/batches.ts';

/**
 * The services of a window without the window: `node windowProgram.ts PICTURES OUT`, with MCIR_HOME. It starts a batch, pauses
 * it after the first picture, and says `paused ID`. On stdin it takes `close` and then ends as a window does, saying `closed`.
 */
const [pictures = '', out = ''] = process.argv.slice(2);
const services = await openServices(openHome());
const studio = await openStudio(services);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { pictures: found } = await studio.handlers['restore.collect']({ places: [studio.handles.issue(pictures)] });
let paused = false;
studio.subscribe((event) => {
  if (event.name === 'batchFile' && !paused) {
    paused = true;
    void studio.handlers['batches.pause']({ batch: event.data.batch });
  }
  if (event.name === 'batch' && ['paused', 'finished', 'cancelled', 'interrupted', 'failed'].includes(event.data.state))
    say(`${event.data.state} ${event.data.id}`);
});
await studio.handlers['batches.start']({
  pictures: found.map(({ id }) => id),
  models: ['identity'],
  effect: effect.parse({}),
  out: studio.handles.issue(out),
  // Without metadata, which is what takes longest with small pictures.
  options: exportSettings.parse({ strip: 'all', provenance: false }),
});

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line !== 'close') return;
  void studio
    .close()
    .then(() => services.close())
    .then(() => {
      say('closed');
      process.exit(0);
    });
});
