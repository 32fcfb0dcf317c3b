// The daemon that lives from a configuration of BIRD: makes Intents of it for the router, and is what its control socket
// turns. What the command line says and how the process begins and ends is in bird.ts.

import { hostname } from 'node:os';
import type { Family, RouterId } from 'node-bgp';
import { now } from '../../src/daemon/clock.ts';
import { RunningRouter } from '../../src/daemon/running-router.ts';
import type { Intent } from '../../src/intent/index.ts';
import { LinuxKernel } from '../../src/kernel/kernel.ts';
import { NoKernel } from '../../src/kernel/none.ts';
import type { Kernel } from '../../src/kernel/port.ts';
import {
  type ConfigureRequest,
  type ConfigureResult,
  type ControlStatus,
  describeConfiguration,
  type RouterTargetParts,
} from '../control/index.ts';
import { type BirdConfiguration, BirdError, birdIntent } from '../index.ts';
import type { DebugFlags } from '../intent/index.ts';
import { changesOf } from './changes.ts';
import type { BirdLog } from './log.ts';
import { messagesOf } from './messages.ts';
import { readAgain } from './reading.ts';
import { chooseRouterId, NoRouterId } from './router-id.ts';

export interface BirdDaemonParts {
  readonly version: string;
  readonly family: Family;
  /** The file that `configure` reads again. */
  readonly file: string;
  readonly configuration: BirdConfiguration;
  /** Peers are told that we restarted and forwarded on. */
  readonly recover: boolean;
  readonly log: BirdLog;
  /** The end, by command or because there is no going on (`problem`). */
  readonly onEnd: (how: { readonly final: boolean; readonly problem?: string }) => void;
}

/** A configuration in force. */
interface Running {
  readonly configuration: BirdConfiguration;
  readonly intent: Intent;
  /** Protocols that do not run: the configuration or somebody at the socket switched them off. */
  readonly disabled: ReadonlySet<string>;
  readonly at: number;
}

export class BirdDaemon {
  readonly #parts: BirdDaemonParts;
  readonly #kernel: Kernel;
  readonly #router: RunningRouter;
  readonly #table: number | undefined;
  readonly #scope: KernelScope;
  readonly #debug = new Map<string, DebugFlags>();
  #running: Running;
  /** What `undo` goes back to. */
  #before: BirdConfiguration | undefined;
  #chosenId: RouterId | undefined;
  #isStopping = false;

  /** Throws NoRouterId where the configuration leaves the router without an identifier. */
  constructor(parts: BirdDaemonParts) {
    const { configuration, recover, log } = parts;
    this.#parts = parts;
    this.#running = this.#runningOf(configuration, disabledIn(configuration));
    this.#debugAsIn(configuration);
    this.#table = tableOf(configuration);
    this.#scope = scopeOf(configuration);
    this.#kernel = this.#scope === 'none' ? new NoKernel() : this.#linuxKernel(configuration);
    this.#router = new RunningRouter({
      node: this.#running.intent.node,
      kernel: this.#kernel,
      kernelType: this.#scope === 'none' ? 'none' : 'linux',
      ...(this.#scope === 'routes' ? {} : { leavesOldRoutes: true }),
      recoveryTime: configuration.gracefulRestartWait * 1000,
      ...(recover ? { restarted: true } : {}),
      tell: (fact) => {
        for (const { logClass, text } of messagesOf(fact, (name) => this.#debug.get(name) ?? [])) {
          log.write(logClass, text);
        }
      },
      onRecovered: () => log.write('info', 'Graceful restart done'),
      onListenError: (error, isFirst) => {
        if (isFirst) parts.onEnd({ final: true, problem: error.message });
        else log.write('error', `BGP: Cannot open listening socket: ${error.message}`);
      },
    });
  }

  /** Rejects with a sentence where the kernel cannot be had. */
  async start(): Promise<void> {
    const { log, recover } = this.#parts;
    await this.#router.start();
    if (recover || this.#router.isRecovering) log.write('info', 'Graceful restart started');
    this.#router.apply(this.#running.intent);
    log.write('info', 'Started');
  }

  /** `final`: peers forget our routes at once. Idempotent. */
  async stop(final: boolean): Promise<void> {
    if (!this.#isStopping) this.#parts.log.write('info', 'Shutting down');
    this.#isStopping = true;
    await this.#router.stop(undefined, final);
  }

  /** As SIGHUP wants it. */
  reconfigure(): void {
    const { log } = this.#parts;
    log.write('info', 'Reconfiguration requested by SIGHUP');
    const result = this.configure({ check: false, soft: false });
    if (result.type === 'error') log.write('error', result.text);
  }

  configure({ file = this.#parts.file, check }: ConfigureRequest): ConfigureResult {
    if (this.#isStopping) return { type: 'shuttingDown' };
    const { family, log } = this.#parts;
    // What was started as one of the two BIRDs stays it: the kernel's families are chosen.
    const { bird } = this.#running.configuration.dialect;
    const reading = readAgain(file, { family, bird });
    if ('problem' in reading) return { type: 'error', text: reading.problem };
    if (check) return { type: 'valid' };
    try {
      log.use(reading.configuration);
      this.#change(reading.configuration);
    } catch (error) {
      if (!(error instanceof BirdError || error instanceof NoRouterId)) throw error;
      return { type: 'error', text: error.message };
    }
    return { type: 'reconfigured' };
  }

  /** What is known, as lines for a file. */
  dump(): string {
    const { speaker } = this.#router;
    const sessions = Array.from(speaker.sessions.all(), ({ intent, machine }) => `${intent.name} ${machine.state}`);
    const tables = (['ipv4', 'ipv6'] as const).map((family) => {
      const { prefixes, paths } = speaker.families[family].rib.tables;
      return `${family} ${prefixes.size} networks, ${paths.size} routes`;
    });
    const { wanted, installed } = this.#kernel.status();
    const kernel = `kernel ${installed} of ${wanted} routes`;
    return ['INTERNAL STATE DUMP', '', ...sessions, ...tables, kernel, ''].map((line) => `${line}\n`).join('');
  }

  /** What a control socket is made of; only after `start`. */
  controlParts(): RouterTargetParts {
    const { version, onEnd } = this.#parts;
    return {
      version,
      hostname: this.#running.configuration.hostname ?? hostname(),
      now,
      startedAt: this.#router.startedAt,
      speaker: this.#router.speaker,
      kernel: this.#kernel,
      post: (input) => this.#router.post(input),
      running: () => ({
        ...this.#running.configuration,
        reconfiguredAt: this.#running.at,
        protocols: describeConfiguration(this.#running.configuration),
        disabled: this.#running.disabled,
      }),
      state: (): ControlStatus['state'] => (this.#isStopping ? 'shuttingDown' : 'running'),
      bfdSessions: () => this.#router.bfdSessions,
      setEnabled: (protocol, isEnabled) => this.#setEnabled(protocol, isEnabled),
      configure: async (request) => this.configure(request),
      undo: async () => this.#undo(),
      shutdown: (how) => onEnd({ final: how === 'down' }),
      debug: (protocols, flags) => {
        for (const protocol of protocols) this.#debug.set(protocol, flags);
      },
    };
  }

  #undo(): ConfigureResult {
    if (this.#isStopping) return { type: 'shuttingDown' };
    const before = this.#before;
    if (before === undefined) return { type: 'nothingToDo' };
    this.#parts.log.use(before);
    this.#change(before);
    this.#before = undefined;
    return { type: 'reconfigured' };
  }

  /** Throws NoRouterId, and changes nothing, where the router would be without an identifier. */
  #change(configuration: BirdConfiguration): void {
    const { log } = this.#parts;
    const { configuration: before, intent } = this.#running;
    const next = this.#runningOf(configuration, disabledIn(configuration));
    log.write('info', 'Reconfiguring');
    if (tableOf(configuration) !== this.#table || scopeOf(configuration) !== this.#scope) {
      log.write('warning', 'What changed of kernel and direct protocols takes effect when the daemon is started anew');
    }
    for (const text of changesOf(before, intent, configuration, next.intent)) log.write('info', text);
    this.#before = before;
    this.#running = next;
    this.#debugAsIn(configuration);
    this.#router.apply(next.intent);
    log.write('info', 'Reconfigured');
  }

  #setEnabled(protocol: string, isEnabled: boolean): void {
    const { configuration, disabled, at } = this.#running;
    const names = new Set(disabled);
    if (isEnabled) names.delete(protocol);
    else names.add(protocol);
    this.#parts.log.write('info', `${isEnabled ? 'Enabling' : 'Disabling'} protocol ${protocol}`);
    this.#running = { ...this.#runningOf(configuration, names), at };
    this.#router.apply(this.#running.intent);
  }

  #runningOf(configuration: BirdConfiguration, disabled: ReadonlySet<string>): Running {
    const routerId = configuration.routerId ?? this.#ownRouterId(configuration);
    if (routerId === undefined) throw new NoRouterId();
    const isEnabled = ({ name }: { readonly name: string }) => !disabled.has(name);
    const intent = birdIntent(configuration, { node: hostname(), routerId, isEnabled });
    return { configuration, intent, disabled, at: now() };
  }

  #linuxKernel({ dialect }: BirdConfiguration): Kernel {
    const { family, log } = this.#parts;
    return new LinuxKernel({
      families: dialect.bird === 1 ? [family] : ['ipv4', 'ipv6'],
      ...(this.#table === undefined ? {} : { table: this.#table }),
      report: ({ text, ...problem }) =>
        log.write('warning', 'prefix' in problem ? `Kernel route ${problem.prefix}: ${text}` : text),
    });
  }

  /** Chosen once. */
  #ownRouterId({ routerIdFrom }: BirdConfiguration): RouterId | undefined {
    this.#chosenId ??= chooseRouterId(routerIdFrom);
    return this.#chosenId;
  }

  #debugAsIn({ protocols }: BirdConfiguration): void {
    this.#debug.clear();
    for (const { name, debug } of protocols) this.#debug.set(name, debug);
  }
}

function disabledIn({ protocols }: BirdConfiguration): ReadonlySet<string> {
  return new Set(protocols.filter(({ isDisabled }) => isDisabled).map(({ name }) => name));
}

/**
 * What of the kernel concerns a configuration: routes; only what is connected; nothing. In the last case a reflector beside
 * the data path takes every next hop as equally near, as BIRD does that has no routes to look it up in.
 */
type KernelScope = 'routes' | 'connected' | 'none';

function scopeOf({ protocols }: BirdConfiguration): KernelScope {
  const kinds = new Set(protocols.map(({ kind }) => kind));
  if (kinds.has('kernel')) return 'routes';
  return kinds.has('direct') ? 'connected' : 'none';
}

/** The routing table of the first kernel protocol; absent: the main one. */
function tableOf({ protocols }: BirdConfiguration): number | undefined {
  return protocols.find(({ kind, isDisabled }) => kind === 'kernel' && !isDisabled)?.kernel.table;
}
