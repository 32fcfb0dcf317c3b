// GET over a unix socket, as a lab asks its daemons.

import { request } from 'node:http';

const ANSWER_MS = 2_000;

/** The body of an answer with code 200; undefined for any other, and while nobody answers. */
export function httpGet(socketPath: string, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path, timeout: ANSWER_MS, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', () => resolve(undefined));
      response.on('end', () => resolve(response.statusCode === 200 ? text : undefined));
    });
    call.on('timeout', () => call.destroy());
    // Not there yet, or not any more: both are an ordinary state of a lab.
    call.on('error', () => resolve(undefined));
    call.end();
  });
}
