// Peers that a daemon does not wait for in its first minutes: those whose Nodes are not there or not ready, of which a big
// cluster has some at any time. While sessions are missing their Nodes are asked for, less and less often.

import type { Address } from 'node-bgp';
import type { NodeResource } from '../datastore/resources/types.ts';
import type { Logger } from './log.ts';

/** Of these Nodes, those that are away, and why: `is NotReady`. */
export type AskNodes = (names: readonly string[]) => Promise<ReadonlyMap<string, string>>;

export interface AbsencesPorts {
  /** Address of each session that is not up, by name. */
  readonly missing: () => ReadonlyMap<string, Address>;
  readonly nodes: () => readonly NodeResource[];
  /** Where the datastore can say more than the resources do. */
  readonly ask: AskNodes | undefined;
  /** Why nobody waits for these sessions; the whole truth each time. */
  readonly tell: (absent: ReadonlyMap<string, string>) => void;
  readonly logger: Logger;
}

/** Milliseconds after the first Intent; the next look comes after twice the time. */
const FIRST_LOOK = 3_000;
/** Milliseconds: then nobody waits for anybody any more (readiness, recovery). */
const LAST_LOOK = 300_000;

export class Absences {
  readonly #ports: AbsencesPorts;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(ports: AbsencesPorts) {
    this.#ports = ports;
  }

  begin(): void {
    this.#schedule(FIRST_LOOK, 0);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** @param since milliseconds from the beginning to now */
  #schedule(pause: number, since: number): void {
    if (this.#isStopped) return;
    const at = since + pause;
    this.#timer = setTimeout(() => {
      if (at >= LAST_LOOK) this.#ports.tell(new Map());
      else this.#look().finally(() => this.#schedule(at, at));
    }, pause);
  }

  async #look(): Promise<void> {
    const { missing, nodes, tell, logger } = this.#ports;
    const nodeAt = new Map(nodes().flatMap((node) => addressesOf(node).map((address) => [address, node])));
    const wanted = [...missing()].flatMap(([peer, address]) => {
      const node = nodeAt.get(address);
      return node === undefined ? [] : [{ peer, node }];
    });
    try {
      const away = await this.#awayOf(new Set(wanted.map(({ node }) => node)));
      if (this.#isStopped) return;
      const reasons = wanted.flatMap(({ peer, node: { metadata } }) => {
        const reason = away.get(metadata.name);
        return reason === undefined ? [] : [[peer, `its Node ${metadata.name} ${reason}`] as const];
      });
      tell(new Map(reasons));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      logger.info(`it cannot be seen which Nodes are ready, so all peers are waited for: ${error.message}`);
    }
  }

  async #awayOf(nodes: ReadonlySet<NodeResource>): Promise<ReadonlyMap<string, string>> {
    const known = new Map<string, string>();
    const unknown: string[] = [];
    for (const { metadata, ready } of nodes) {
      if (ready === undefined) unknown.push(metadata.name);
      else if (!ready) known.set(metadata.name, 'is NotReady');
    }
    const { ask } = this.#ports;
    if (ask === undefined || unknown.length === 0) return known;
    return new Map([...known, ...(await ask(unknown))]);
  }
}

function addressesOf({ bgp }: NodeResource): readonly Address[] {
  return [bgp?.ipv4, bgp?.ipv6].flatMap((own) => own?.address ?? []);
}
