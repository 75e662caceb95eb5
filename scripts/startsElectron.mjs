/**
 * `npm run starts:electron [-- STARTS]`: starts the window in a real Electron many times (200 by default), and looks whether
 * it shows something and ends when it is told to.
 */
const [starts = '200'] = process.argv.slice(2);
process.env['STARTS'] = starts;
process.argv.splice(2, 1, 'test/e2e/electron/starts.test.ts');
await import('./testElectron.mjs');
