// The network of a soak: two reflectors and their clients on one switch, what each of them is told to be, and what can be
// seen of it. Caracal reflects, BIRD 2 is the clients.

import { join } from 'node:path';
import type { StatusReport } from '../../src/status/types.ts';
import { httpGet } from '../../topologies/http-get.ts';
import { type Machine, Stage } from '../interop/stage.ts';

const HOME = join(import.meta.dirname, '../..');
const AS = 64512;
/** Seconds: short, so that a cable that is cut for longer is noticed within a soak. */
export const HOLD_TIME = 9;
const ROUTES = 100;
const HUBS = 2;
const CLIENTS = 4;

const hubAddress = (n: number) => `10.98.0.${n}`;
const clientAddress = (n: number) => `10.98.0.${10 + n}`;

export class SoakNetwork {
  readonly #stage: Stage;
  readonly hubs: Machine[] = [];
  readonly clients: Machine[] = [];

  constructor() {
    this.#stage = new Stage(`soak${process.pid}`);
  }

  get machines(): readonly Machine[] {
    return [...this.hubs, ...this.clients];
  }

  /** Sessions are between every reflector and all others. */
  areNeighbours(a: Machine, b: Machine): boolean {
    return a !== b && (this.hubs.includes(a) || this.hubs.includes(b));
  }

  /** Whose session a reflector calls so. */
  machine(name: string): Machine {
    return this.machines.find((machine) => machine.name === name)!;
  }

  async open(): Promise<void> {
    await this.#stage.build();
    for (let n = 1; n <= HUBS; n++) this.hubs.push(await this.#stage.add(`hub${n}`, [`${hubAddress(n)}/24`]));
    for (let n = 1; n <= CLIENTS; n++) {
      this.clients.push(await this.#stage.add(`client${n}`, [`${clientAddress(n)}/24`]));
    }
    for (const machine of this.machines) this.start(machine);
  }

  async close(): Promise<void> {
    await this.#stage.remove();
  }

  start(machine: Machine, isRestart = false): void {
    if (this.hubs.includes(machine)) this.#startHub(machine);
    else this.#startClient(machine, isRestart);
  }

  #startHub(machine: Machine): void {
    const n = this.hubs.indexOf(machine) + 1;
    const resources = machine.write('resources/hub.yaml', JSON.stringify(this.#hubResources(n)));
    const where = ['--resources', resources, '--http', `unix:${join(machine.folder, 'status.sock')}`];
    const argv = ['run', '--node', machine.name, '--datastore', 'files', '--kernel', 'none', ...where];
    // The log outlives the process.
    const log = join(machine.folder, 'log');
    machine.start(['sh', '-c', 'log=$1; shift; exec "$@" 2>>"$log"', 'sh', log, join(HOME, 'caracal'), ...argv]);
  }

  #startClient(machine: Machine, isRestart: boolean): void {
    const n = this.clients.indexOf(machine) + 1;
    const config = machine.write('bird.conf', clientConfiguration(n));
    machine.start(['bird', '-f', ...(isRestart ? ['-R'] : []), '-c', config, '-s', join(machine.folder, 'ctl')]);
  }

  #hubResources(n: number): object {
    const client = (m: number) => ({ name: `client${m}`, address: clientAddress(m), holdTime: HOLD_TIME });
    const others = Array.from({ length: HUBS }, (_, i) => i + 1).filter((m) => m !== n);
    const hub = (m: number) => ({ name: `hub${m}`, address: hubAddress(m), client: false, holdTime: HOLD_TIME });
    return {
      ...{ apiVersion: 'caracal.io/v1', kind: 'RouteReflector', metadata: { name: `hub${n}` } },
      spec: {
        ...{ routerId: hubAddress(n), clusterID: '10.98.0.100', asNumber: AS, listenAddresses: [hubAddress(n)] },
        peers: [...Array.from({ length: CLIENTS }, (_, i) => client(i + 1)), ...others.map(hub)],
      },
    };
  }

  // --- what can be seen

  async status(hub: Machine): Promise<StatusReport | undefined> {
    const text = await httpGet(join(hub.folder, 'status.sock'), '/status');
    return text === undefined ? undefined : JSON.parse(text);
  }

  birdc(client: Machine, command: string): Promise<string> {
    return client.run(['birdc', '-s', join(client.folder, 'ctl'), ...command.split(' ')]).catch(() => '');
  }

  /** What is not as it is when all is well; nothing where it is. */
  async faults(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const hub of this.hubs) {
      const status = await this.status(hub);
      const down = status?.bgp.peersV4.filter(({ state }) => state !== 'Established') ?? [];
      if (status === undefined) found.push(`${hub.name} does not answer`);
      for (const { name, info } of down) found.push(`${hub.name}: ${name} is ${info}`);
      const prefixes = status?.tables.ipv4.prefixes ?? 0;
      // Its own network beside the clients' routes.
      if (prefixes !== CLIENTS * ROUTES + 1) found.push(`${hub.name} has ${prefixes} prefixes`);
    }
    for (const client of this.clients) {
      const text = await this.birdc(client, 'show route count');
      const prefixes = Number(/of \d+ routes for (\d+) networks in table master4/.exec(text)?.[1]);
      if (prefixes !== CLIENTS * ROUTES) found.push(`${client.name} has ${prefixes} prefixes`);
    }
    return found;
  }
}

function clientConfiguration(n: number): string {
  const routes = Array.from({ length: ROUTES }, (_, i) => `route 10.${100 + n}.${i}.0/24 blackhole;`).join(' ');
  const session = (m: number) => `
protocol bgp hub${m} {
  local ${clientAddress(n)} as ${AS}; neighbor ${hubAddress(m)} as ${AS};
  hold time ${HOLD_TIME}; connect retry time 1; connect delay time 1; error wait time 1, 2; graceful restart on;
  ipv4 { import all; export where source = RTS_STATIC; };
}`;
  return `router id ${clientAddress(n)};
graceful restart wait 20;
protocol device {}
protocol static own { ipv4; ${routes} }
${Array.from({ length: HUBS }, (_, i) => session(i + 1)).join('')}
`;
}
