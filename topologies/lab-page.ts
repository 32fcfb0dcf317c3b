// `caracal lab page`: the status page of a lab's node for the browser of this machine. The node serves it at a unix socket;
// here is a port of loopback that leads there. Nothing is looked at on the way.

import { connect, createServer, type Server } from 'node:net';
import { LabError } from './lab-file.ts';

const LOOPBACK = '127.0.0.1';
const PORT = 9180;

/** Resolves when the port is open: with where the page is, and the server to close. */
export async function openPage(socketPath: string): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((browser) => {
    const daemon = connect(socketPath);
    browser.pipe(daemon).pipe(browser);
    // One end that breaks off ends the other.
    browser.on('error', () => daemon.destroy()).on('close', () => daemon.destroy());
    daemon.on('error', () => browser.destroy()).on('close', () => browser.destroy());
  });
  await listen(server, PORT).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw new LabError(`cannot listen on ${LOOPBACK}: ${error.message}`);
    return listen(server, 0);
  });
  const { port } = server.address() as { readonly port: number };
  return { url: `http://${LOOPBACK}:${port}/`, server };
}

function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, LOOPBACK, () => {
    server.off('error', reject);
    resolve();
  });
  return promise;
}
