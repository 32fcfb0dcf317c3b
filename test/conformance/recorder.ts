// The neighbours of a router in one network namespace, as a program: announces what it is told to and prints, as a line of
// JSON after each change, what the router told each of them. Run by side-by-side.ts.
//
// Nothing that a router says late is missed by looking too early: when all have announced, each asks for the whole table
// (RFC 2918) twice; the end of the second answer (RFC 7313) says that everything before it has been dealt with.
//
// A line on standard input is something more to do (Errand); all ask again when it is done.

import { createInterface } from 'node:readline';
import {
  type Attributes,
  afiOf,
  encodeEndOfRib,
  encodeRouteRefresh,
  type Family,
  KEEPALIVE,
  type Negotiated,
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
  /** Port of the router; absent: 179. */
  readonly port?: number;
  /** What the two agreed on is told, too. */
  readonly tellsSession?: true;
  readonly announce: readonly { readonly prefixes: readonly string[]; readonly attributes: AnnouncedAttributes }[];
}

/** What a neighbour does later. */
export interface Errand {
  /** By neighbour. */
  readonly withdraw?: Readonly<Record<string, readonly string[]>>;
}

/** A line of the program's output. */
export interface Report {
  /** Errands that were begun. */
  readonly errands: number;
  /** By neighbour. */
  readonly told: Readonly<Record<string, Told>>;
}

export interface Told {
  /** Sessions until now. */
  readonly sessions?: number;
  readonly session?: object;
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
  #sessions = 0;
  #session: object | undefined;

  constructor(neighbour: Neighbour, changed: () => void) {
    this.#neighbour = neighbour;
    this.#family = neighbour.config.families[0]!;
    this.#speaker = new TcpSpeaker({
      address: neighbour.address,
      established: (_, negotiated) => {
        this.#sessions++;
        this.#session = sessionOf(negotiated);
        this.#announce();
      },
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
    const { router, config, port } = neighbour;
    this.#speaker.add(router, config, port === undefined ? {} : { port });
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
    const session = this.#neighbour.tellsSession ? { sessions: this.#sessions, session: this.#session ?? {} } : {};
    return { ...session, answers: this.#answers, endOfRib: this.#endOfRib, routes };
  }

  /** Before what is asked from now on has been answered, nothing is complete. */
  startOver(): void {
    this.#answers = 0;
  }

  withdraw(prefixes: readonly string[]): void {
    if (prefixes.length > 0) this.#speaker.withdraw(this.#neighbour.router, prefixes);
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
    this.#endOfRib = false;
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

/** What both ends can see of a session. Restart flags change with time. */
function sessionOf({
  remoteAs,
  remoteIdentifier,
  holdTime,
  fourOctetAs,
  addPath,
  gracefulRestart,
}: Negotiated): object {
  const restart = gracefulRestart && {
    time: gracefulRestart.restartTime,
    families: gracefulRestart.families.map(({ family }) => family),
  };
  return { remoteAs, remoteIdentifier, holdTime, fourOctetAs, addPath, restart };
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
  const recorders: Recorder[] = [];
  let errands = 0;
  let isAskedTwice = false;
  const changed = () => {
    // A session that came anew begins again.
    if (recorders.some(({ answers }) => answers === 0)) isAskedTwice = false;
    if (!isAskedTwice && recorders.every(({ answers }) => answers >= 1)) {
      isAskedTwice = true;
      for (const recorder of recorders) recorder.askAgain();
    }
    const told = Object.fromEntries(neighbours.map(({ name }, i) => [name, recorders[i]!.told()]));
    const line: Report = { errands, told };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
  const run = ({ withdraw = {} }: Errand) => {
    errands++;
    isAskedTwice = false;
    for (const [index, recorder] of recorders.entries()) {
      recorder.withdraw(withdraw[neighbours[index]!.name] ?? []);
      recorder.startOver();
    }
    for (const recorder of recorders) recorder.askAgain();
  };
  for (const neighbour of neighbours) recorders.push(new Recorder(neighbour, changed));
  createInterface({ input: process.stdin })
    .on('line', (line) => run(JSON.parse(line)))
    .on('close', () => process.exit(0));
  setInterval(() => {
    for (const recorder of recorders) recorder.nudge();
  }, NUDGE);
}

if (import.meta.main) record(JSON.parse(process.argv[2]!));
