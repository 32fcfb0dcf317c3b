// The neighbours of a router in one network namespace, as a program: announces what it is told to and prints, as a line of
// JSON after each change, what the router told each of them. Run by side-by-side.ts.
//
// Nothing that a router says late is missed by looking too early: when all have announced, each asks for the whole table
// (RFC 2918) twice; the end of the second answer (RFC 7313) says that everything before it has been dealt with.

import {
  type Attributes,
  afiOf,
  encodeEndOfRib,
  encodeRouteRefresh,
  type Family,
  KEEPALIVE,
  nlriEntries,
  type PeerConfig,
  REFRESH_SUBTYPE,
  SAFI,
  type UpdateMessage,
} from 'node-bgp';
import { type AnnouncedAttributes, TcpSpeaker } from 'node-bgp/tcp';

export interface Neighbour {
  readonly name: string;
  readonly address: string;
  readonly router: string;
  readonly config: PeerConfig;
  readonly announce: readonly { readonly prefixes: readonly string[]; readonly attributes: AnnouncedAttributes }[];
}

export interface Told {
  /** Answers to the request for the whole table that have come to their end. */
  readonly answers: number;
  readonly endOfRib: boolean;
  /** Prefix -> its paths. */
  readonly routes: Readonly<Record<string, readonly Attributes[]>>;
}

/** Milliseconds. BIRD looks at work that a message gave it when the next one comes, or after three seconds. */
const NUDGE = 100;

class Recorder {
  readonly #neighbour: Neighbour;
  readonly #family: Family;
  readonly #speaker: TcpSpeaker;
  /** `prefix#path` -> attributes. */
  readonly #paths = new Map<string, Attributes>();
  #answers = 0;
  #endOfRib = false;

  constructor(neighbour: Neighbour, changed: () => void) {
    this.#neighbour = neighbour;
    this.#family = neighbour.config.families[0]!;
    this.#speaker = new TcpSpeaker({
      address: neighbour.address,
      established: () => this.#announce(),
      update: (_, update) => {
        this.#record(update);
        changed();
      },
      routeRefresh: (_, { subtype }) => {
        if (subtype !== REFRESH_SUBTYPE.END) return;
        this.#answers++;
        changed();
      },
    });
    this.#speaker.add(neighbour.router, neighbour.config);
  }

  get answers(): number {
    return this.#answers;
  }

  told(): Told {
    const routes: Record<string, Attributes[]> = {};
    for (const [key, attributes] of [...this.#paths].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const prefix = key.split('#')[0]!;
      routes[prefix] = [...(routes[prefix] ?? []), inOrder(attributes)];
    }
    for (const paths of Object.values(routes)) paths.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return { answers: this.#answers, endOfRib: this.#endOfRib, routes };
  }

  nudge(): void {
    this.#speaker.send(this.#neighbour.router, KEEPALIVE);
  }

  askAgain(): void {
    const request = { afi: afiOf(this.#family), safi: SAFI.UNICAST, subtype: REFRESH_SUBTYPE.REQUEST };
    this.#speaker.send(this.#neighbour.router, encodeRouteRefresh({ type: 'routeRefresh', ...request }));
  }

  #announce(): void {
    const { router, announce } = this.#neighbour;
    this.#paths.clear();
    this.#answers = 0;
    for (const { prefixes, attributes } of announce) this.#speaker.announce(router, attributes, prefixes);
    this.#speaker.send(router, encodeEndOfRib(this.#family));
  }

  #record({ withdrawn, reached, set, endOfRib }: UpdateMessage): void {
    for (const { prefix, pathId } of withdrawn.flatMap(nlriEntries)) this.#paths.delete(`${prefix}#${pathId}`);
    for (const { prefix, pathId } of reached.flatMap(nlriEntries)) {
      this.#paths.set(`${prefix}#${pathId}`, set!.attributes);
    }
    if (endOfRib === undefined) return;
    this.#endOfRib = true;
    // Not before: a router that is still telling its table may take that for the answer.
    this.askAgain();
  }
}

/** Communities are sets; BIRD 2 sends them in the order in which they were added. */
function inOrder(attributes: Attributes): Attributes {
  const { communities, largeCommunities } = attributes;
  return {
    ...attributes,
    ...(communities && { communities: communities.toSorted((a, b) => a - b) }),
    ...(largeCommunities && { largeCommunities: largeCommunities.toSorted() }),
  };
}

function record(neighbours: readonly Neighbour[]): void {
  let asked = 1;
  const recorders: Recorder[] = [];
  const changed = () => {
    if (asked === 1 && recorders.every(({ answers }) => answers >= 1)) {
      asked = 2;
      for (const recorder of recorders) recorder.askAgain();
    }
    const told = neighbours.map(({ name }, i) => [name, recorders[i]!.told()]);
    process.stdout.write(`${JSON.stringify(Object.fromEntries(told))}\n`);
  };
  for (const neighbour of neighbours) recorders.push(new Recorder(neighbour, changed));
  setInterval(() => {
    for (const recorder of recorders) recorder.nudge();
  }, NUDGE);
}

if (import.meta.main) {
  record(JSON.parse(process.argv[2]!));
  process.stdin.on('end', () => process.exit(0)).resume();
}
