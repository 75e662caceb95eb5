import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';

/**
 * A thread in which LibRaw runs (raw.ts). libraw-wasm is made for a browser's worker and uses a few globals that Node's
 * threads do not have. They are defined here before it is loaded.
 */
const port = parentPort;
if (!port) throw new Error('This file runs in a thread.');

const browser = globalThis as unknown as Record<string, unknown>;
browser.self = globalThis;
browser.WorkerGlobalScope = class {};
browser.postMessage = (message: unknown, moved: []): void => port.postMessage(message, moved);
/** libraw-wasm only requests its own WebAssembly file. */
browser.fetch = async (address: URL | string): Promise<Response> =>
  new Response(await readFile(new URL(address)), { headers: { 'Content-Type': 'application/wasm' } });

// @ts-expect-error The package has no types for this file.
await import('libraw-wasm/dist/worker.js');
const { onmessage } = browser as { onmessage: (event: { data: unknown }) => void };
port.on('message', (data) => onmessage({ data }));
port.postMessage('ready');
