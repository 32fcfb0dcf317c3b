// Two network namespaces with a cable between them: one for the daemon, one for the load generator with an address for
// every client. Made for one benchmark, with names of its own, and removed again whatever happens.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { environment, existingNamespaces, inNamespace, run, runOrThrow } from '../../topologies/commands.ts';
import { NETWORK } from './plan.ts';

const LINK = { daemon: ['192.0.2.1', 'fd00:201::1'], generator: ['192.0.2.2', 'fd00:201::2'] } as const;
const { ipv4, ipv6 } = NETWORK;

/** For 5,000 sessions and what else a process opens. */
const OPEN_FILES = 65_536;
/** Before all else that runs here, where the system allows it; where sessions are scheduled as groups, for the group. */
const NICENESS = -15;
const PRIVILEGED = `ulimit -n ${OPEN_FILES} 2>/dev/null || ulimit -n $(ulimit -Hn)
renice -n ${NICENESS} $$ >/dev/null 2>&1
echo ${NICENESS} 2>/dev/null >/proc/self/autogroup
exec "$@"`;
/** Ends with us, even when we are killed. */
const MORTAL = ['setpriv', '--pdeathsig', 'KILL', '--'];
const NAME = /^caracal-bench-(\d+)-/;

export class Network {
  readonly #daemon: string;
  readonly #generator: string;

  private constructor(id: string) {
    this.#daemon = `${id}-daemon`;
    this.#generator = `${id}-clients`;
  }

  static async build(): Promise<Network> {
    await removeAbandoned();
    const network = new Network(`caracal-bench-${process.pid}`);
    try {
      await runOrThrow(['sh', '-s'], network.#script());
      return network;
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  /** Idempotent. */
  remove(): Promise<void> {
    return removeNamespaces([this.#daemon, this.#generator]);
  }

  /** Starts the daemon; its output goes to a file. */
  startDaemon(argv: readonly string[], log: string, cwd: string): ChildProcess {
    const output = openSync(log, 'a');
    const child = this.#spawn(this.#daemon, argv, ['ignore', output, output], cwd);
    closeSync(output);
    return child;
  }

  startGenerator(argv: readonly string[]): ChildProcess {
    return this.#spawn(this.#generator, argv, ['ignore', 'pipe', 'inherit'], undefined);
  }

  #spawn(namespace: string, argv: readonly string[], stdio: ('ignore' | 'pipe' | 'inherit' | number)[], cwd?: string) {
    const [file = '', ...args] = inNamespace(namespace, [...MORTAL, 'sh', '-c', PRIVILEGED, 'sh', ...argv]);
    // Its own session: Ctrl-C in our terminal is for us, who then stop it in good order.
    return spawn(file, args, { cwd, detached: true, env: environment(), stdio });
  }

  /**
   * Client addresses are of the daemon's own network, as those of nodes in one subnet are, but are reached through one
   * neighbour: Linux keeps no more than 1,024 neighbours without being told to.
   */
  #script(): string {
    const [daemon, generator] = [this.#daemon, this.#generator];
    const setting = (namespace: string, name: string, value: number) =>
      `nsenter --net=/run/netns/${namespace} sh -c 'echo ${value} > /proc/sys/net/${name}'`;
    return `set -e
ip netns add ${daemon}
ip netns add ${generator}
${[daemon, generator].map((name) => setting(name, 'ipv6/conf/default/accept_dad', 0)).join('\n')}
ip -n ${daemon} link add eth0 type veth peer name eth0 netns ${generator}
${setting(daemon, 'core/somaxconn', 16384)}
${setting(daemon, 'ipv4/tcp_max_syn_backlog', 16384)}
${setting(generator, 'ipv6/ip_nonlocal_bind', 1)}
ip -n ${daemon} -batch - <<END
link set lo up
link set eth0 up
addr add ${LINK.daemon[0]}/30 dev eth0
addr add ${LINK.daemon[1]}/126 dev eth0 nodad
addr add ${ipv4.daemon}/${ipv4.length} dev eth0
addr add ${ipv6.daemon}/${ipv6.length} dev eth0 nodad
route add ${ipv4.clients} via ${LINK.generator[0]}
route add ${ipv6.clients} via ${LINK.generator[1]}
END
ip -n ${generator} -batch - <<END
link set lo up
link set eth0 up
addr add ${LINK.generator[0]}/30 dev eth0
addr add ${LINK.generator[1]}/126 dev eth0 nodad
route add local ${ipv4.clients} dev lo
route add local ${ipv6.clients} dev lo
route add ${ipv4.daemon} via ${LINK.daemon[0]}
route add ${ipv6.daemon} via ${LINK.daemon[1]}
END
`;
  }
}

/** What a benchmark left that was killed. */
function removeAbandoned(): Promise<void> {
  const isAbandoned = (name: string) => {
    const owner = NAME.exec(name)?.[1];
    return owner !== undefined && !existsSync(`/proc/${owner}`);
  };
  return removeNamespaces([...existingNamespaces()].filter(isAbandoned));
}

async function removeNamespaces(names: readonly string[]): Promise<void> {
  const existing = existingNamespaces();
  for (const name of names) if (existing.has(name)) await run(['ip', 'netns', 'del', name]);
}
