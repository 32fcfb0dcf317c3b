// The router as it runs: speaker, loop, sockets and kernel, connected, and taken down again. It is told what to do as an
// Intent; where Intents come from is others' (daemon.ts: resources; bird-compat/program: BIRD's configuration).
//
// The order of the start is the promise: kernel routes are read back, an intent is there, the port is ours; only then is
// anything dialled or programmed.

import { setTimeout as sleep } from 'node:timers/promises';
import { familyOf } from 'node-bgp';
import type { Intent, TunnelIntent } from '../intent/index.ts';
import type { Kernel } from '../kernel/port.ts';
import { type Effect, type Fact, type Input, Speaker } from '../speaker/index.ts';
import type { BfdSessionStatus } from '../status/types.ts';
import { Bfd } from './bfd.ts';
import { now } from './clock.ts';
import { Listener } from './listener.ts';
import { Loop } from './loop.ts';
import { Sockets } from './sockets.ts';

export interface RouterParts {
  /** The node's name. */
  readonly node: string;
  readonly kernel: Kernel;
  /** What the kernel is: `none` where nothing is programmed and every next hop counts as reachable. */
  readonly kernelType: 'linux' | 'none';
  /** This daemon makes the tunnel device that routes lead through. */
  readonly manageTunnel?: boolean;
  /** A restart, whatever is in the kernel: peers are told so. Absent: where routes of an earlier run are found. */
  readonly restarted?: true;
  /** Routes of an earlier run that nobody wishes for stay in the kernel: they may be somebody else's. */
  readonly leavesOldRoutes?: true;
  /** Milliseconds that sessions have for coming back after a restart; absent: the speaker's own choice. */
  readonly recoveryTime?: number;
  readonly tell: (fact: Fact) => void;
  /** Sessions have come back after a restart, or were waited for long enough. */
  readonly onRecovered?: () => void;
  /** A timer was handled so many milliseconds after it was due. */
  readonly onLate?: (milliseconds: number) => void;
  /** A port is not to be had: the first time there is no going on (`isFirst`), later the other sockets work. */
  readonly onListenError: (error: Error, isFirst: boolean) => void;
}

type EffectOf<Type extends Effect['type']> = Extract<Effect, { readonly type: Type }>;

/** Milliseconds for last NOTIFICATIONs to leave. */
const FAREWELL = 50;

/** Milliseconds for routes that are not to stay in the kernel, and between two looks at them. */
const WITHDRAWAL = 2_000;
const WITHDRAWAL_LOOK = 10;

export class RunningRouter {
  readonly startedAt = now();
  readonly #parts: RouterParts;
  readonly #sockets: Sockets;
  readonly #listener: Listener;
  readonly #bfd: Bfd;
  /** Milliseconds since the epoch. */
  #appliedAt: number | undefined;
  #speaker: Speaker | undefined;
  #loop: Loop | undefined;
  /** Effects that wait until the port is ours; undefined as soon as it is. */
  #held: EffectOf<'dial' | 'program' | 'bfd'>[] | undefined = [];
  #tunnel: TunnelIntent | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#sockets = new Sockets({
      post: (input, done) => this.#loop?.post(input, done),
      wake: () => this.#loop?.wake(),
    });
    this.#listener = new Listener((socket) => this.#sockets.accept(socket));
    this.#bfd = new Bfd({ post: (input) => this.#loop?.post(input), tell: parts.tell });
  }

  /** Reads the kernel. Rejects where it cannot be had, with a sentence. */
  async start(): Promise<void> {
    const { kernel, restarted } = this.#parts;
    await kernel.start((events) => this.#loop?.post({ type: 'kernel', events }));
    const hasRoutes = kernel.routes().length > 0;
    if (!hasRoutes) this.#sweep();
    this.#begin(restarted === true || hasRoutes);
  }

  /** Only after `start`. */
  get speaker(): Speaker {
    return this.#speaker!;
  }

  /** Milliseconds since the epoch: when the last intent came. */
  get appliedAt(): number | undefined {
    return this.#appliedAt;
  }

  get bfdSessions(): readonly BfdSessionStatus[] {
    return this.#bfd.sessions;
  }

  get isRecovering(): boolean {
    return this.#speaker?.isRecovering ?? true;
  }

  apply(intent: Intent): void {
    this.#appliedAt = now();
    this.post({ type: 'intent', intent });
    if (intent.nodeMissing === true) return;
    this.#tunnel = intent.tunnel;
    if (this.#held === undefined) this.#manageTunnel();
  }

  /** @param done called when the input has been handled */
  post(input: Input, done?: () => void): void {
    this.#loop!.post(input, done);
  }

  /**
   * Closes sessions and sockets, so that peers keep our routes where they can; kernel routes stay unless the intent says
   * otherwise. `final`: we are not to come back, and peers forget our routes at once. Idempotent.
   */
  stop(text?: string, final = false): Promise<void> {
    this.#stopping ??= this.#stop(text, final);
    return this.#stopping;
  }

  #begin(restarted: boolean): void {
    const { node, kernelType, recoveryTime } = this.#parts;
    this.#speaker = new Speaker({
      node,
      kernel: kernelType,
      restarted,
      nextConnection: this.#sockets.nextConnection,
      random: Math.random,
      startedAt: this.startedAt,
      ...(recoveryTime === undefined ? {} : { recoveryTime }),
    });
    this.#loop = new Loop({
      speaker: this.#speaker,
      collect: this.#sockets.collect,
      ...(this.#parts.onLate && { onLate: this.#parts.onLate }),
      execute: (effects) => {
        for (const effect of effects) this.#execute(effect);
        this.#sockets.flush();
      },
    });
  }

  #sweep(): void {
    if (this.#parts.leavesOldRoutes !== true) this.#parts.kernel.sweep();
  }

  #manageTunnel(): void {
    if (this.#parts.manageTunnel === true) this.#parts.kernel.manageTunnel(this.#tunnel);
  }

  #execute(effect: Effect): void {
    switch (effect.type) {
      case 'dial':
      case 'program':
      case 'bfd':
        if (this.#held === undefined) this.#reachOut(effect);
        else this.#held.push(effect);
        return;
      case 'acceptOptions':
        this.#sockets.welcome(effect);
        return;
      case 'write':
        this.#sockets.write(effect);
        return;
      case 'close':
        this.#sockets.close(effect.connection);
        return;
      case 'listen':
        this.#listen(effect);
        return;
      case 'recovered':
        this.#sweep();
        this.#parts.onRecovered?.();
        return;
      case 'fact':
        this.#parts.tell(effect.fact);
        return;
    }
  }

  #listen(effect: EffectOf<'listen'>): void {
    this.#listener.set(effect).then(
      () => this.#release(),
      (error: Error) => this.#parts.onListenError(error, this.#held !== undefined),
    );
  }

  /** What others notice: it waits until we know that we are the only Caracal here. */
  #reachOut(effect: EffectOf<'dial' | 'program' | 'bfd'>): void {
    if (effect.type === 'dial') this.#sockets.dial(effect);
    else if (effect.type === 'bfd') this.#bfd.watch(effect.peer, effect.wish);
    else this.#parts.kernel.program(effect.wishes);
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#manageTunnel();
    for (const effect of held) this.#reachOut(effect);
  }

  async #stop(text: string | undefined, final: boolean): Promise<void> {
    // Who takes its routes out of the kernel forwards nothing by them while it is away.
    const kernels = Object.values(this.#speaker?.intent?.kernel ?? {});
    const isFinal = final || kernels.some(({ persist }) => persist === false);
    this.#loop?.post({ type: 'shutdown', final: isFinal, ...(text === undefined ? {} : { text }) });
    await Promise.all([sleep(FAREWELL), this.#bfd.stop()]);
    this.#loop?.stop();
    await this.#listener.close();
    await this.#sockets.closeAll();
    await this.#withdraw();
    await this.#parts.kernel.stop();
  }

  /** Takes the routes that are not to outlive the router out of the kernel. */
  async #withdraw(): Promise<void> {
    const { kernel } = this.#parts;
    const intent = this.#speaker?.intent;
    const leaving = () => kernel.routes().filter(({ prefix }) => intent?.kernel[familyOf(prefix)].persist === false);
    kernel.program(leaving().map(({ prefix }) => ({ type: 'none', prefix })));
    const until = now() + WITHDRAWAL;
    while (leaving().length > 0 && now() < until) await sleep(WITHDRAWAL_LOOK);
  }
}
