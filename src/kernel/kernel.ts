// The kernel of Linux behind the port: reads it, follows it, and carries out what the table says is to be done. Only this
// file knows in which order things go over the netlink socket. Not here: what is to be done (table.ts), what messages look
// like (rtnetlink.ts).
//
// Multicast groups are joined before anything is read, so nothing that happens meanwhile is missed. Changes go in batches;
// the next one is sent when the kernel has answered, which lets the event loop turn in between.

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Family } from 'node-bgp';
import { familyOf } from 'node-bgp/ip';
import type { KernelEvent, KernelRoute, KernelWish, LearnedRoute } from '../fib/types.ts';
import { LinuxError, nativeCallsMissing } from '../linux/libc.ts';
import { RTM_DELADDR, RTM_DELLINK, RTM_DELROUTE, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWROUTE } from './constants.ts';
import { Conversation } from './conversation.ts';
import { Doubts } from './doubts.ts';
import { EventOutbox } from './event-outbox.ts';
import { type InterfaceChange, InterfaceTable } from './interfaces.ts';
import { readAddress, readLink, writeAddressDump, writeLinkDump } from './link-messages.ts';
import type { NetlinkMessage } from './netlink.ts';
import type { Kernel, KernelInterface, KernelOperations, KernelStatus, TunnelWish } from './port.ts';
import { checkPrivileges, namedRoute, routeRequest, tunnelRequest } from './requests.ts';
import { type RawRoute, readRoute, writeRouteDump } from './rtnetlink.ts';
import { KernelTable, type Step } from './table.ts';
import type { KernelProblem } from './troubles.ts';
import { Tunnel } from './tunnel.ts';
import { WishQueue } from './wish-queue.ts';

export interface LinuxKernelOptions {
  /** Routing table, default 254 (main). */
  readonly table?: number;
  /** rtm_protocol of our routes, default 12 (bird). */
  readonly protocol?: number;
  /** Whose routes are read and written, default both: another daemon may care for the other family. */
  readonly families?: readonly Family[];
  /** Octets of netlink receive buffer, default 8 MiB. */
  readonly receiveBuffer?: number;
  /** Milliseconds between audits, default a minute; 0: none. */
  readonly auditInterval?: number;
  /** Gets each problem once; what stands is in `status`. */
  readonly report?: (problem: KernelProblem) => void;
}

const RT_TABLE_MAIN = 254;
const RTPROT_BIRD = 12;
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
/** Small against the receive buffer, where each failure takes 832 octets, and 1 to 5 ms of the kernel's time. */
const BATCH = 250;
const WISHES = 1_000;
const FIRST_REOPEN = 50;
const LAST_REOPEN = 5_000;

export class LinuxKernel implements Kernel {
  readonly #settings: Required<LinuxKernelOptions>;
  readonly #interfaces = new InterfaceTable((event) => this.#emit(event));
  readonly #table: KernelTable;
  readonly #tunnel: Tunnel;
  readonly #outbox = new EventOutbox();
  readonly #wishes = new WishQueue();
  #conversation: Conversation | undefined;
  /** All has been read and notifications keep it true; only then are changes sent. */
  #isFollowing = false;
  #isOpening = false;
  #isStopped = false;
  #isPumping = false;
  #reading: Promise<void> = Promise.resolve();
  readonly #doubts = new Doubts((families) => void this.#readRoutes(families));
  #retryTimer: NodeJS.Timeout | undefined;
  #auditTimer: NodeJS.Timeout | undefined;
  #reopened = 0;

  constructor(options: LinuxKernelOptions = {}) {
    this.#settings = {
      table: RT_TABLE_MAIN,
      protocol: RTPROT_BIRD,
      families: FAMILIES,
      receiveBuffer: 8 * 1024 * 1024,
      auditInterval: 60_000,
      report: () => {},
      ...options,
    };
    this.#tunnel = new Tunnel(this.#interfaces, this.#settings.report);
    this.#table = new KernelTable({
      protocol: this.#settings.protocol,
      deviceObstacle: (device) => {
        const obstacle = this.#interfaces.obstacle(device);
        return obstacle && (this.#tunnel.obstacle(device) ?? obstacle);
      },
      emit: (event) => this.#emit(event),
      report: this.#settings.report,
    });
  }

  async start(deliver: (events: readonly KernelEvent[]) => void): Promise<void> {
    const missing = nativeCallsMissing();
    if (missing !== undefined) throw new LinuxError('ENOSYS', 'rtnetlink', missing);
    this.#outbox.deliver = deliver;
    await checkPrivileges(this.#settings);
    this.#reading = this.#open();
    await this.#reading;
    const { auditInterval } = this.#settings;
    if (auditInterval > 0) this.#auditTimer = setInterval(() => this.#auditLater(), auditInterval);
  }

  program(wishes: readonly KernelWish[]): void {
    this.#wishes.add(wishes);
    this.#work();
  }

  manageTunnel(tunnel: TunnelWish | undefined): void {
    this.#tunnel.set(tunnel);
    this.#work();
  }

  sweep(): void {
    this.#wishes.add(['sweep']);
    this.#work();
  }

  audit(): Promise<void> {
    return this.#readRoutes(this.#settings.families);
  }

  routes(): KernelRoute[] {
    return this.#table.own();
  }

  status(): KernelStatus {
    return this.#table.status();
  }

  operations(): KernelOperations {
    return this.#table.operations;
  }

  interfaces(): KernelInterface[] {
    return this.#interfaces.all();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isFollowing = false;
    clearInterval(this.#auditTimer);
    this.#doubts.stop();
    clearTimeout(this.#retryTimer);
    this.#outbox.close();
    this.#conversation?.close();
    this.#conversation = undefined;
    await this.#reading;
  }

  /** How often the kernel dropped messages, or the socket was lost otherwise, and all was read again. */
  get reopened(): number {
    return this.#reopened;
  }

  /** Begins a conversation and reads everything, until it works. */
  async #open(): Promise<void> {
    const { table, receiveBuffer } = this.#settings;
    this.#isOpening = true;
    for (let pause = FIRST_REOPEN; !this.#isStopped; pause = Math.min(LAST_REOPEN, 2 * pause)) {
      try {
        this.#conversation = new Conversation({
          table,
          receiveBuffer,
          onNotification: (message) => this.#notice(message),
          onBroken: () => this.#reopen(),
        });
        await this.#readAll(this.#conversation);
        this.#follow();
        break;
      } catch (error) {
        expectLinuxError(error);
        this.#conversation?.close();
        await sleep(pause);
      }
    }
    this.#isOpening = false;
  }

  /** The kernel dropped messages: what we know may be wrong everywhere. */
  #reopen(): void {
    this.#isFollowing = false;
    this.#conversation = undefined;
    this.#reopened++;
    if (!this.#isOpening) this.#reading = this.#reading.then(() => this.#open());
  }

  async #readAll(conversation: Conversation): Promise<void> {
    this.#interfaces.clear();
    const ignore = () => {};
    await conversation.dump(writeLinkDump, ignore, (message) => this.#notice(message));
    await conversation.dump(writeAddressDump, ignore, (message) => this.#notice(message));
    for (const family of this.#settings.families) await this.#readFamily(conversation, family);
  }

  async #readFamily(conversation: Conversation, family: Family): Promise<void> {
    const { table } = this.#settings;
    const began = performance.now();
    try {
      await conversation.dump(
        (writer, _flags, sequence) => writeRouteDump(family, table, writer, sequence),
        () => this.#table.beginDump(family),
        ({ payload }) => {
          const raw = readRoute(payload);
          if (raw?.table === table) this.#table.read(this.#routeOf(raw));
        },
      );
    } catch (error) {
      // ENOENT: nobody has put a route into that table yet.
      if (!(error instanceof LinuxError && error.code === 'ENOENT')) {
        this.#table.abandonDump();
        throw error;
      }
    }
    this.#table.endDump();
    this.#doubts.hasRead(began);
  }

  /** One reading at a time. Where the conversation breaks, all is read again anyhow. */
  #readRoutes(families: readonly Family[]): Promise<void> {
    const read = async () => {
      for (const family of families) {
        if (this.#conversation !== undefined && this.#isFollowing) await this.#readFamily(this.#conversation, family);
      }
      this.#work();
    };
    this.#reading = this.#reading.then(read).catch(expectLinuxError);
    return this.#reading;
  }

  #auditLater(): void {
    this.#doubts.add(this.#settings.families);
    this.#recheck();
  }

  #recheck(): void {
    this.#doubts.add(this.#table.takeUncertain());
    if (this.#isFollowing) this.#doubts.schedule();
  }

  #follow(): void {
    this.#isFollowing = true;
    const links = this.#interfaces.links();
    const addresses = this.#interfaces.addresses();
    const learned = [...this.#table.learned()];
    this.#outbox.replace({ type: 'snapshot', links, addresses, learned });
    this.#work();
  }

  #notice({ type, flags, portId, payload }: NetlinkMessage): void {
    switch (type) {
      case RTM_NEWROUTE:
      case RTM_DELROUTE:
        this.#noticeRoute(readRoute(payload), type === RTM_NEWROUTE ? 'new' : 'deleted', flags, portId !== 0);
        break;
      case RTM_NEWLINK:
      case RTM_DELLINK: {
        const link = readLink(payload);
        if (link === undefined) return;
        const { index } = link;
        this.#noticeInterface(
          type === RTM_NEWLINK ? this.#interfaces.setLink(link) : this.#interfaces.removeLink(index),
        );
        break;
      }
      case RTM_NEWADDR:
      case RTM_DELADDR: {
        const address = readAddress(payload);
        if (address === undefined) return;
        const isNew = type === RTM_NEWADDR;
        this.#noticeInterface(isNew ? this.#interfaces.setAddress(address) : this.#interfaces.removeAddress(address));
        break;
      }
      default:
        return;
    }
    if (this.#isFollowing) this.#work();
  }

  #noticeRoute(raw: RawRoute | undefined, type: 'new' | 'deleted', flags: number, byAgent: boolean): void {
    const { table, families } = this.#settings;
    if (raw?.table !== table || !families.includes(familyOf(raw.prefix))) return;
    const route = this.#routeOf(raw);
    this.#table.noticed(type, route, flags, byAgent, performance.now());
    // A route of others may be what a gateway of ours was missing.
    if (type === 'new') for (const { device } of route.nextHops) this.#table.retryDevice(device);
  }

  #noticeInterface(change: InterfaceChange | undefined): void {
    if (change === undefined) return;
    const { device, effect, renamed } = change;
    // The kernel drops IPv4 routes without a word when a link goes down or loses its last address.
    if (renamed || effect === 'worse') {
      this.#doubts.add(renamed ? this.#settings.families : this.#table.familiesThrough(device));
    }
    if (effect === 'better') this.#table.retryDevice(device);
  }

  #routeOf(raw: RawRoute): LearnedRoute {
    return namedRoute(raw, (index) => this.#interfaces.nameOf(index));
  }

  #emit(event: KernelEvent): void {
    if (this.#isFollowing) this.#outbox.add(event); // else the snapshot will say it
  }

  #work(): void {
    this.#arm();
    if (this.#isFollowing && !this.#isPumping) void this.#pump();
  }

  /** Timers for what is to be done later. */
  #arm(): void {
    this.#recheck();
    clearTimeout(this.#retryTimer);
    const deadline = earliest(this.#table.nextDeadline(), this.#tunnel.nextDeadline());
    if (deadline === undefined || this.#isStopped) return;
    this.#retryTimer = setTimeout(
      () => {
        const now = performance.now();
        this.#table.tick(now);
        this.#tunnel.tick(now);
        this.#work();
      },
      Math.max(0, deadline - performance.now()),
    );
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      while (this.#isFollowing) {
        await this.#tend();
        for (const wish of this.#wishes.take(WISHES)) {
          if (wish === 'sweep') this.#table.sweep();
          else this.#table.set(wish);
        }
        const steps = this.#table.diff(BATCH);
        if (steps.length > 0) await this.#carryOut(steps);
        else if (!this.#wishes.isEmpty) await turn();
        else break;
      }
    } catch (error) {
      expectLinuxError(error); // the conversation is over; when the next one has read all, it goes on
    } finally {
      this.#isPumping = false;
    }
    this.#arm();
  }

  /** One change of the tunnel device after the other: what the next one is shows when the kernel has told of the last. */
  async #tend(): Promise<void> {
    for (;;) {
      const change = this.#tunnel.next(performance.now());
      if (change === undefined) return;
      const failures = await this.#conversation!.send([tunnelRequest(change)]);
      this.#tunnel.apply(change, failures.get(0), performance.now());
      // Routes that wait for it are told why.
      this.#table.retryDevice(change.device);
    }
  }

  async #carryOut(steps: readonly Step[]): Promise<void> {
    const { table, protocol } = this.#settings;
    const scene = { table, protocol, indexOf: (device: string) => this.#interfaces.indexOf(device) };
    let failures: Awaited<ReturnType<Conversation['send']>>;
    try {
      failures = await this.#conversation!.send(steps.map(({ change }) => routeRequest(change, scene)));
    } catch (error) {
      this.#table.abandon(steps);
      throw error;
    }
    const now = performance.now();
    steps.forEach((step, i) => {
      this.#table.apply(step, failures.get(i), now);
    });
  }
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function expectLinuxError(error: unknown): void {
  if (!(error instanceof LinuxError)) throw error;
}
