// A router of BIRD's configuration in simulated time and network, its neighbours, and its control socket.

import { FRAME, read, type TextOptions } from '../../bird-compat/bird.fixture.ts';
import { greeted, Lab, type Router, SECOND, serve, targetOf } from '../../bird-compat/control/control.fixture.ts';
import { describeConfiguration } from '../../bird-compat/control/index.ts';
import { birdIntent } from '../../bird-compat/index.ts';
import { ExternalPeer, type ExternalPeerOptions } from '../../src/speaker/external-peer.fixture.ts';
import { node } from '../../src/speaker/resources.fixture.ts';

const ADDRESS = '10.0.0.1';
export const AS = 64512;

export class SimulatedBird {
  readonly lab = new Lab(node(1));
  readonly router: Router = this.lab.router('node-1');
  readonly #options: TextOptions;
  #text = '';

  constructor(text: string, options: TextOptions = { bird: 1 }) {
    this.#options = options;
    this.router.boot();
    this.configure(text);
  }

  /** At 10.0.0.1, with a device protocol and a router id. */
  configure(text: string): void {
    this.#text = FRAME + text;
    const intent = birdIntent(read(this.#text, this.#options), { node: this.router.name });
    this.router.input({ type: 'intent', intent });
  }

  /** An internal neighbour, unless it says otherwise, with its session. */
  meet(address: string, options: Partial<ExternalPeerOptions> = {}): ExternalPeer {
    const bgpIdentifier = 0x0a000000 + Number(address.split('.').at(-1));
    const neighbour = new ExternalPeer(this.lab, address, { towards: ADDRESS, localAs: AS, bgpIdentifier, ...options });
    this.lab.runUntil(() => neighbour.isUp, 60 * SECOND);
    this.lab.run(SECOND);
    return neighbour;
  }

  /** Answers to commands on one connection. */
  async ask(...commands: readonly string[]): Promise<readonly string[]> {
    const configuration = read(this.#text, this.#options);
    const protocols = describeConfiguration(configuration);
    const running = () => ({ ...configuration, reconfiguredAt: 0, protocols, disabled: new Set<string>() });
    const shutdown = (how: 'down' | 'graceful') => this.router.input({ type: 'shutdown', final: how === 'down' });
    const served = await serve(targetOf(this.router, this.lab, { running, shutdown }));
    const client = await greeted(served.path);
    const answers: string[] = [];
    for (const command of commands) answers.push(await client.ask(command));
    client.close();
    await served.close();
    return answers;
  }
}

/** A session with an internal neighbour. */
export function session(options = '', name = 'p', neighbor = '10.0.0.2'): string {
  return `protocol bgp ${name} { local as ${AS}; neighbor ${neighbor} as ${AS}; ${options} }\n`;
}

/** Codes and subcodes of the NOTIFICATIONs that a neighbour got: `6.2`. */
export function notified({ notifications }: ExternalPeer): readonly string[] {
  return notifications.map(({ code, subcode }) => `${code}.${subcode}`);
}
