/**
 * `npm run kills:electron [-- KILLS [SEED]]`: kills processes of the window, of the services and of running work at
 * random moments (50 by default) in a real Electron, and checks that nothing is lost.
 */
const [kills = '50', seed = '1'] = process.argv.slice(2);
process.env['KILLS'] = kills;
process.env['KILLS_SEED'] = seed;
process.argv.splice(2, 2, 'test/e2e/electron/kills.test.ts');
await import('./testElectron.mjs');
