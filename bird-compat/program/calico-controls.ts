// BIRD's control sockets of a daemon that lives from Calico's resources: one for each family, as the two BIRDs of
// calico-node have them, with the names that confd would have given to the protocols.

import { hostname } from 'node:os';
import type { Family } from 'node-bgp';
import { now } from '../../src/daemon/clock.ts';
import type { Controlled, ControlOptions, Controls, OwnProtocol } from '../../src/daemon/controls.ts';
import { ListenError } from '../../src/status/errors.ts';
import {
  ControlServer,
  ControlSocketError,
  describeIntent,
  RouterTarget,
  type RouterTargetParts,
  type RunningConfiguration,
} from '../control/index.ts';
import { type BirdConfiguration, readBirdConfiguration } from '../index.ts';
import type { DebugFlags } from '../intent/index.ts';
import { messagesOf } from './messages.ts';

/** What stands where BIRD names its file. */
const SOURCE = 'Calico resources';

/** What there is without any resource: for terms and filters of commands. */
const NAMES = 'router id 0.0.0.1; protocol device { }';

export async function openCalicoControls({ sockets, owner, version, onError }: ControlOptions): Promise<Controls> {
  const opened: CalicoControl[] = [];
  for (const family of ['ipv4', 'ipv6'] as const) {
    const path = sockets[family];
    if (path === undefined) continue;
    const server = new ControlServer({ path, onError, ...(owner && { owner }) });
    await open(server, path);
    opened.push(new CalicoControl(family, server, `v${version}+birdv1.6.8`));
  }
  return {
    serve: (controlled) => {
      for (const control of opened) control.serve(controlled);
    },
    tell: (fact) => {
      for (const control of opened) control.tell(fact);
    },
    stop: async () => {
      await Promise.all(opened.map((control) => control.stop()));
    },
  };
}

async function open(server: ControlServer, path: string): Promise<void> {
  try {
    await server.open();
  } catch (error) {
    if (!(error instanceof ControlSocketError)) throw error;
    throw new ListenError(`${error.message} (control socket ${path})`, { code: 'CONTROL', cause: error });
  }
}

class CalicoControl {
  readonly #family: Family;
  readonly #server: ControlServer;
  readonly #version: string;
  readonly #names: BirdConfiguration;
  readonly #debug = new Map<string, DebugFlags>();
  readonly #off = new Set<string>();

  constructor(family: Family, server: ControlServer, version: string) {
    this.#family = family;
    this.#server = server;
    this.#version = version;
    const files = { read: () => ({ text: NAMES }), match: () => [] };
    this.#names = readBirdConfiguration(SOURCE, files, { bird: 1, family });
  }

  serve(controlled: Controlled): void {
    this.#server.serve(new RouterTarget(this.#parts(controlled)));
  }

  tell(fact: Parameters<typeof messagesOf>[0]): void {
    for (const { logClass, text } of messagesOf(fact, (protocol) => this.#debug.get(protocol) ?? [])) {
      this.#server.log(logClass, text);
    }
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  #parts(controlled: Controlled): RouterTargetParts {
    const { router, kernel } = controlled;
    return {
      version: this.#version,
      hostname: hostname(),
      now,
      startedAt: router.startedAt,
      speaker: router.speaker,
      kernel,
      post: (input) => router.post(input),
      running: () => this.#running(controlled),
      state: () => (controlled.isStopping ? 'shuttingDown' : 'running'),
      bfdSessions: () => router.bfdSessions,
      setEnabled: (protocol, isEnabled) => this.#setEnabled(controlled, protocol, isEnabled),
      configure: async ({ file, check }) => {
        if (file !== undefined) {
          return {
            type: 'error',
            text: `${file}: Caracal lives from Calico's resources here, and from no file of BIRD's`,
          };
        }
        if (check) return { type: 'valid' };
        return { type: controlled.isStopping ? 'shuttingDown' : 'reconfigured' };
      },
      undo: async () => ({ type: 'nothingToDo' }),
      shutdown: () => controlled.end(true),
      debug: (protocols, flags) => {
        for (const protocol of protocols) this.#debug.set(protocol, flags);
      },
    };
  }

  #running({ router }: Controlled): RunningConfiguration {
    const { intent } = router.speaker;
    return {
      ...this.#names,
      reconfiguredAt: router.appliedAt ?? router.startedAt,
      protocols: intent === undefined ? [] : describeIntent(intent, this.#family, this.#off),
      disabled: this.#off,
    };
  }

  #setEnabled(controlled: Controlled, protocol: string, isEnabled: boolean): void {
    if (isEnabled) this.#off.delete(protocol);
    else this.#off.add(protocol);
    const kind = OWN[protocol];
    if (kind !== undefined) controlled.setEnabled({ family: this.#family, kind }, isEnabled);
  }
}

const OWN: Readonly<Record<string, OwnProtocol['kind']>> = {
  static1: 'static',
  kernel1: 'kernel',
  direct1: 'direct',
};
