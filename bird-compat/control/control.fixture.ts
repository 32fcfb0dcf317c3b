// For tests of the control socket: a router of a simulated cluster behind a real socket, and somebody who asks it.

import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Family } from 'node-bgp';
import { NoKernel } from '../../src/kernel/none.ts';
import type { KernelInterface } from '../../src/kernel/port.ts';
import type { Lab, Router } from '../../src/speaker/simulation.fixture.ts';
import { FRAME, read } from '../bird.fixture.ts';
import { ControlServer, type ControlTarget, describeIntent, RouterTarget, type RouterTargetParts } from './index.ts';

export { Lab, MINUTE, type Router, SECOND } from '../../src/speaker/simulation.fixture.ts';

/** What a router of a lab looks like to those who ask its BIRD. */
export function targetOf(
  router: Router,
  lab: Lab,
  more: Partial<RouterTargetParts> = {},
  family: Family = 'ipv4',
): RouterTarget {
  const disabled = new Set<string>();
  const configuration = read(FRAME, { bird: 1, family });
  return new RouterTarget({
    version: 'v1.0.0+birdv1.6.8',
    hostname: router.name,
    now: () => lab.now,
    startedAt: 0,
    speaker: router.speaker,
    kernel: new TestKernel(),
    post: (input) => router.input(input),
    running: () => ({
      ...configuration,
      file: '/etc/calico/confd/config/bird.cfg',
      reconfiguredAt: 0,
      protocols: describeIntent(router.speaker.intent!, family),
      disabled,
    }),
    state: () => 'running',
    bfdSessions: () => [],
    setEnabled: (name, isEnabled) => {
      if (isEnabled) disabled.delete(name);
      else disabled.add(name);
    },
    configure: async ({ check }) => ({ type: check ? 'valid' : 'reconfigured' }),
    undo: async () => ({ type: 'nothingToDo' }),
    shutdown: () => {},
    debug: () => {},
    ...more,
  });
}

class TestKernel extends NoKernel {
  override interfaces(): KernelInterface[] {
    const address = (device: string, text: string, prefix: string, scope: 'host' | 'global') => ({
      device,
      address: text,
      prefix,
      secondary: false,
      scope,
    });
    const up = { adminUp: true, carrier: true };
    return [
      {
        ...{ device: 'lo', index: 1, mtu: 65536, traits: ['loopback'] as const, ...up },
        addresses: [address('lo', '127.0.0.1', '127.0.0.0/8', 'host')],
      },
      {
        ...{ device: 'eth0', index: 2, mtu: 1500, traits: ['broadcast', 'multicast'] as const, ...up },
        addresses: [
          address('eth0', '10.9.0.1', '10.9.0.0/24', 'global'),
          address('eth0', 'fd00::1', 'fd00::/64', 'global'),
        ],
      },
      { device: 'cali1', index: 4, master: 'br0', mtu: 1500, traits: ['broadcast', 'multicast'], ...up, addresses: [] },
      {
        ...{ device: 'ptp0', index: 5, mtu: 1400, traits: ['pointToPoint'] as const, adminUp: true, carrier: false },
        addresses: [address('ptp0', '203.0.113.1', '203.0.113.0/31', 'global')],
      },
    ];
  }
}

export interface Served {
  readonly path: string;
  readonly server: ControlServer;
  readonly errors: unknown[];
  close(): Promise<void>;
}

export async function serve(target: ControlTarget): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'caracal-control-'));
  const path = join(folder, 'bird.ctl');
  const errors: unknown[] = [];
  const server = new ControlServer({ path, onError: (error) => errors.push(error) });
  await server.open();
  server.serve(target);
  return {
    path,
    server,
    errors,
    close: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const LAST_LINE = /^\d{4} /;

/** A connection that asks one command after the other. */
export class Client {
  readonly socket: Socket;
  #text = '';
  #isEnded = false;
  #wake: () => void = () => {};

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.setEncoding('utf8');
    this.socket.on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.#isEnded = true;
      this.#wake();
    });
  }

  /** The next lines up to the one that ends an answer, without its newline. */
  async answer(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      lines.push(line);
      if (LAST_LINE.test(line)) return lines.join('\n');
    }
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#isEnded) throw new Error(`the connection ended behind ${JSON.stringify(this.#text)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** All that is said until the other side closes. */
  async rest(): Promise<string> {
    while (!this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#text;
  }

  ask(command: string): Promise<string> {
    this.socket.write(`${command}\n`);
    return this.answer();
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Behind the greeting. */
export async function greeted(path: string): Promise<Client> {
  const client = new Client(path);
  await client.answer();
  return client;
}

/** Moments differ from run to run; what they look like does not. */
export function withoutTimes(text: string): string {
  return text.replaceAll(/\d\d:\d\d:\d\d/g, 'HH:MM:SS').replaceAll(/\d{4}-\d\d-\d\d/g, 'YYYY-MM-DD');
}
