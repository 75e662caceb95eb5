import { closeForeignSockets } from './foreignSockets.ts';

/** Entry of the Node process that runs the services for Electron's window. */

// Before anything else is loaded: until then, Electron may not notice that one of its processes has ended.
closeForeignSockets();
await import('./serveHost.ts');
