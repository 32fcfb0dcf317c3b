// What other rooms see of BFD: its words, and how its thread is started. Sessions and sockets stay inside the thread.

export { startBfdWorker } from './launch.ts';
export { BFD_PORT, diagnosticText } from './packet.ts';
export * from './types.ts';
