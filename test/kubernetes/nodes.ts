// Daemons of several nodes in this process, which live from a real API server and peer over loopback.

import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { parseArguments } from '../../src/cli/arguments.ts';
import { runOptions } from '../../src/cli/environment.ts';
import type { Environment, RunOptions } from '../../src/cli/types.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { openDatastores } from '../../src/daemon/datastores.ts';
import { makeLogger } from '../../src/daemon/log.ts';
import type { RawResource } from '../../src/datastore/datastore-contract.ts';
import type { RealApiServer } from '../../src/datastore/kubernetes/real-api-server.fixture.ts';
import { NoKernel } from '../../src/kernel/none.ts';
import type { StatusReport } from '../../src/status/types.ts';

/** What `caracal run` makes of this command line and environment. */
export function optionsOf(words: readonly string[], env: Environment): RunOptions {
  const command = parseArguments(['run', ...words]);
  if (command.type !== 'run') throw new Error(JSON.stringify(command));
  const options = runOptions(command.flags, { env, hostname: 'host', nodename: undefined });
  if ('type' in options) throw new Error(options.text);
  return options;
}

export class TestNode {
  /** Since `start`. */
  daemon!: Daemon;
  /** Sentences that would have ended the process. */
  readonly fatal: string[] = [];
  readonly bugs: unknown[] = [];
  readonly #name: string;
  readonly #options: RunOptions;

  constructor(name: string, kubeconfig: string, words: readonly string[] = [], env: Environment = {}) {
    const command = ['--node', name, '--datastore', 'kubernetes', '--kernel', 'none', ...words];
    this.#name = name;
    this.#options = optionsOf(command, { KUBECONFIG: kubeconfig, ...env });
  }

  async start(): Promise<this> {
    this.daemon = new Daemon({
      release: { version: '0.1.0', commit: 'unknown' },
      options: this.#options,
      logger: makeLogger('silent', this.#name),
      kernel: new NoKernel(),
      datastores: await openDatastores(this.#options, (error) => this.bugs.push(error)),
      onFatal: (text) => this.fatal.push(text),
    });
    await this.daemon.start();
    return this;
  }

  get status(): StatusReport {
    return this.daemon.handlers.status();
  }

  /** Everything that is wrong, in one text. */
  get complaints(): string {
    const { datastore, problems } = this.status;
    return [datastore.detail ?? '', ...problems.map(({ kind, name, text }) => `${kind} ${name}: ${text}`)].join('\n');
  }

  /** Each session with its state, and how often it was lost. */
  get sessions(): readonly string[] {
    const { peersV4, peersV6 } = this.status.bgp;
    return [...peersV4, ...peersV6].map(({ name, state, counters }) => `${name} ${state} ${counters.flaps}`);
  }

  /** Foreign routes, with LOCAL_PREF and communities. */
  get routes(): readonly string[] {
    const { routes } = this.daemon.handlers.routes({ family: 'ipv4', limit: 1_000 });
    return routes
      .filter(({ learnedFrom }) => learnedFrom.peerIP !== undefined)
      .map(({ destination, localPref, communities }) => [destination, localPref, ...communities].join(' '))
      .sort();
  }

  stop(): Promise<void> {
    return this.daemon.stop();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The administrator's way to the server with another user's rights, and a token in a file. */
export function kubeconfigAs(server: RealApiServer, user: string | undefined, apiEndpoint = server.url.href): string {
  const path = join(server.folder, `kubeconfig-as-${user ?? 'admin'}-${new URL(apiEndpoint).port}`);
  writeFileSync(join(server.folder, 'token'), server.token);
  const text = [
    'apiVersion: v1',
    'kind: Config',
    `clusters: [{name: test, cluster: {server: "${apiEndpoint}", certificate-authority: certs/apiserver.crt}}]`,
    `users: [{name: user, user: {tokenFile: token${user === undefined ? '' : `, as: "${user}"`}}}]`,
    'contexts: [{name: test, context: {cluster: test, user: user}}]',
    'current-context: test',
  ];
  writeFileSync(path, text.join('\n'));
  return path;
}

// --- resources

const calico = (kind: string, name: string, spec: object): RawResource => ({
  ...{ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec },
});

export const configuration = (spec: object): RawResource => calico('BGPConfiguration', 'default', spec);
export const pool = (spec: object = {}): RawResource => calico('IPPool', 'pods', { cidr: '10.65.0.0/16', ...spec });
export const filter = (name: string, spec: object): RawResource => calico('BGPFilter', name, spec);
export const peer = (name: string, spec: object): RawResource => calico('BGPPeer', name, spec);
export const nodeStatus = (name: string, node: string): RawResource =>
  calico('CalicoNodeStatus', name, { node, classes: ['Agent', 'BGP', 'Routes'], updatePeriodSeconds: 10 });
export const affinity = (node: string, cidr: string): RawResource =>
  calico('BlockAffinity', `${node}-${cidr.replaceAll(/[./]/g, '-')}`, {
    ...{ cidr, node, state: 'confirmed', deleted: 'false' },
  });

export function kubernetesNode(name: string, address: string, spec: object = {}): RawResource {
  const annotations = { 'projectcalico.org/IPv4Address': `${address}/8` };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, annotations }, spec };
}
