// Starts the thread of worker.ts, from the sources or from beside the bundle.

import { Worker } from 'node:worker_threads';

/** In the bundle every file lies in one folder, and the worker is an entry point of its own (deploy/build.ts). */
const FILE = import.meta.url.endsWith('.ts') ? './worker.ts' : './bfd-worker.mjs';

export function startBfdWorker(): Worker {
  return new Worker(new URL(FILE, import.meta.url), { name: 'bfd' });
}
