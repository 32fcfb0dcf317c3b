// One netlink socket as a conversation: requests and their answers, dumps, and in between what the kernel tells unasked.
// When the socket breaks (the kernel had to drop messages, or somebody closed it), everything open ends with the error, and
// the owner begins a new conversation. Not here: what to say.

import { describeErrno, LinuxError } from '../linux/libc.ts';
import { openNetlinkSocket } from '../linux/netlink-socket.ts';
import {
  NLM_F_ACK,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_OVERRUN,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_LINK,
} from './constants.ts';
import { routeFilter } from './message-filter.ts';
import { MessageWriter, type NetlinkMessage, readAnswer, readMessages } from './netlink.ts';
import type { Failure } from './troubles.ts';

const GROUPS = [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE];
/** A table that changes all the time interrupts every dump; the notifications repair what the last one missed. */
const DUMP_ATTEMPTS = 3;

export interface ConversationOptions {
  readonly table: number;
  /** Octets of receive buffer. */
  readonly receiveBuffer: number;
  readonly onNotification: (message: NetlinkMessage) => void;
  /** Called once, after everything open was rejected. */
  readonly onBroken: (error: LinuxError) => void;
}

/** Writes one message with this sequence number; `flags` are to be added to those of the request. */
export type WriteRequest = (writer: MessageWriter, flags: number, sequence: number) => void;

interface OpenDump {
  readonly sequence: number;
  readonly onMessage: (message: NetlinkMessage) => void;
  readonly resolve: (interrupted: boolean) => void;
  readonly reject: (error: Error) => void;
}

interface OpenBatch {
  readonly first: number;
  readonly last: number;
  readonly failures: Map<number, Failure>;
  readonly resolve: (failures: ReadonlyMap<number, Failure>) => void;
  readonly reject: (error: Error) => void;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #socket: ReturnType<typeof openNetlinkSocket>;
  readonly #writer = new MessageWriter();
  #sequence = 0;
  #dump: OpenDump | undefined;
  #batch: OpenBatch | undefined;
  #interrupted = false;
  #isOver = false;

  /** Throws LinuxError. */
  constructor(options: ConversationOptions) {
    this.#options = options;
    const { table, receiveBuffer } = options;
    this.#socket = openNetlinkSocket({
      groups: GROUPS,
      receiveBuffer,
      filter: (portId) => routeFilter(portId, table),
      onDatagram: (datagram) => this.#receive(datagram),
    });
    this.#socket.stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#end(new LinuxError(error.code ?? 'EIO', 'netlink', error.message));
    });
    this.#socket.stream.on('close', () => this.#end(new LinuxError('ECONNRESET', 'netlink', 'the socket was closed')));
  }

  /**
   * Sends requests in one datagram; resolves with the failures by index when all are carried out. One batch at a time.
   * Every failing message costs receive buffer: a batch must be small against it. Rejects with LinuxError.
   */
  send(requests: readonly WriteRequest[]): Promise<ReadonlyMap<number, Failure>> {
    const first = this.#sequence + 1;
    const last = this.#sequence + requests.length;
    this.#sequence = last;
    // Failures are answered unasked; the answer to the last message says that the others are through.
    requests.forEach((write, i) => {
      write(this.#writer, first + i === last ? NLM_F_ACK : 0, first + i);
    });
    return new Promise((resolve, reject) => {
      this.#batch = { first, last, failures: new Map(), resolve, reject };
      this.#write();
    });
  }

  /**
   * Asks for a dump and calls `onMessage` for each of its messages; begins anew where the kernel says that it was
   * interrupted. One dump at a time. Rejects with LinuxError.
   */
  async dump(request: WriteRequest, begin: () => void, onMessage: (message: NetlinkMessage) => void): Promise<void> {
    for (let attempt = 1; attempt <= DUMP_ATTEMPTS; attempt++) {
      begin();
      const interrupted = await new Promise<boolean>((resolve, reject) => {
        const sequence = ++this.#sequence;
        this.#dump = { sequence, onMessage, resolve, reject };
        request(this.#writer, 0, sequence);
        this.#write();
      });
      if (!interrupted) return;
    }
  }

  close(): void {
    this.#isOver = true;
    this.#reject(new LinuxError('ECANCELED', 'netlink', 'stopped'));
    this.#socket.stream.destroy();
  }

  #write(): void {
    const datagram = this.#writer.take();
    if (this.#isOver) this.#reject(new LinuxError('ECONNRESET', 'netlink', 'the socket is closed'));
    else this.#socket.stream.write(datagram);
  }

  #receive(datagram: Uint8Array): void {
    for (const message of readMessages(datagram)) {
      if (this.#isOver) return;
      this.#take(message);
    }
  }

  #take(message: NetlinkMessage): void {
    const { type, flags, sequence } = message;
    const isOfDump =
      this.#dump !== undefined && sequence === this.#dump.sequence && message.portId === this.#socket.portId;
    if (isOfDump && flags & NLM_F_DUMP_INTR) this.#interrupted = true;
    if (type === NLMSG_ERROR) this.#takeAnswer(message, isOfDump);
    else if (type === NLMSG_DONE) {
      if (isOfDump) this.#endDump(message);
    } else if (type === NLMSG_OVERRUN) {
      this.#end(new LinuxError('ENOBUFS', 'netlink', 'the kernel dropped messages'));
    } else if (isOfDump && flags & NLM_F_MULTI) this.#dump!.onMessage(message);
    else this.#options.onNotification(message);
  }

  #takeAnswer(message: NetlinkMessage, isOfDump: boolean): void {
    if (isOfDump) {
      this.#endDump(message);
      return;
    }
    const batch = this.#batch;
    const { sequence } = message;
    if (batch === undefined || sequence < batch.first || sequence > batch.last) return;
    const failure = failureOf(message);
    if (failure !== undefined) batch.failures.set(sequence - batch.first, failure);
    if (sequence !== batch.last) return;
    this.#batch = undefined;
    batch.resolve(batch.failures);
  }

  #endDump(message: NetlinkMessage): void {
    const dump = this.#dump!;
    const failure = failureOf(message);
    const interrupted = this.#interrupted;
    this.#dump = undefined;
    this.#interrupted = false;
    if (failure === undefined) dump.resolve(interrupted);
    else dump.reject(new LinuxError(failure.code, 'netlink', failure.text));
  }

  #end(error: LinuxError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.stream.destroy();
    this.#reject(error);
    this.#options.onBroken(error);
  }

  #reject(error: LinuxError): void {
    this.#dump?.reject(error);
    this.#batch?.reject(error);
    this.#dump = undefined;
    this.#batch = undefined;
  }
}

/** The kernel's own text where it gives one, which says more than the errno. */
function failureOf(message: NetlinkMessage): Failure | undefined {
  const { errno, text } = readAnswer(message);
  if (errno === 0) return undefined;
  const [code, meaning] = describeErrno(errno);
  return { code, text: text === undefined || text === '' ? meaning : text };
}
