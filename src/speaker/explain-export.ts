// Explains to whom a prefix is told: for each peer what the rules outside of policies say (own routes, iBGP, well-known
// communities) and what its export policy does. A peer without a session is judged as if it had one.

import { type Address, type Family, familyOf, type Negotiated } from 'node-bgp';
import type { Intent, PeerIntent } from '../intent/index.ts';
import { dependsOn } from '../policy/index.ts';
import { DEAD, explainExport, NO_ROW, NO_SET, type PrefixId, type Row } from '../rib/index.ts';
import type { ExportOutcome, Reason, ToldPath } from './explanation.ts';
import type { FamilyRouter } from './family-router.ts';
import { groupOptions } from './group-options.ts';
import type { Session, SpeakerPeer } from './peer.ts';
import { exportReason, IPV6_NEXT_HOP, NO_ROOM, OWN_ROUTE, withoutFamily } from './reasons.ts';
import { attributesSnapshot } from './snapshot.ts';
import type { Speaker } from './speaker.ts';

/** @param only the name of a peer: nothing about others, and every step of its policy */
export function explainExports(
  speaker: Speaker,
  router: FamilyRouter,
  prefix: PrefixId,
  only: string | undefined,
): ExportOutcome[] {
  const { intent } = speaker;
  if (intent === undefined) return [];
  const exports = new Exports(router, intent, prefix, only !== undefined);
  const outcomes = new Map<string, { readonly outcome: Omit<ExportOutcome, 'peers'>; readonly peers: string[] }>();
  for (const peer of speaker.sessions.all()) {
    if (only !== undefined && peer.intent.name !== only) continue;
    if (only === undefined && !peer.intent.families.includes(router.family)) continue;
    const outcome = exports.outcomeFor(peer);
    const key = JSON.stringify(outcome);
    const alike = outcomes.get(key);
    if (alike === undefined) outcomes.set(key, { outcome, peers: [peer.intent.name] });
    else alike.peers.push(peer.intent.name);
  }
  return Array.from(outcomes.values(), ({ outcome, peers }) => ({ peers: peers.sort(), ...outcome }));
}

class Exports {
  readonly #router: FamilyRouter;
  readonly #intent: Intent;
  readonly #prefix: PrefixId;
  readonly #detailed: boolean;
  /** Thousands of peers share a policy and all else that counts. */
  readonly #known = new Map<string, ToldPath>();
  readonly #policyNumbers = new Map<object, number>();

  constructor(router: FamilyRouter, intent: Intent, prefix: PrefixId, detailed: boolean) {
    this.#router = router;
    this.#intent = intent;
    this.#prefix = prefix;
    this.#detailed = detailed;
  }

  outcomeFor(peer: SpeakerPeer): Omit<ExportOutcome, 'peers'> {
    const session = peer.session ?? assumedSession(peer.intent, this.#intent);
    const established = peer.session !== undefined;
    const { family } = this.#router;
    const carried = session.negotiated.families.includes(family);
    const rows = this.#rowsFor(session.negotiated.addPath.send.includes(family));
    return {
      established,
      paths: rows.map((row) => (carried ? this.#told(peer, session, row) : this.#notSent(row, withoutFamily(family)))),
    };
  }

  /** What a peer is told of: the best path, or with ADD-PATH every path that import let in. */
  #rowsFor(all: boolean): readonly Row[] {
    const { tables } = this.#router.rib;
    const best = tables.best[this.#prefix]!;
    if (!all) return best === NO_ROW ? [] : [best];
    const rows: Row[] = [];
    for (let row = tables.paths.first[this.#prefix]!; row !== NO_ROW; row = tables.paths.next[row]!) {
      if (tables.paths.set[row] !== NO_SET && (tables.paths.flags[row]! & DEAD) === 0) rows.push(row);
    }
    return rows.sort((a, b) => Number(b === best) - Number(a === best));
  }

  #told(peer: SpeakerPeer, session: Session, row: Row): ToldPath {
    const { family, rib } = this.#router;
    const source = peer.families.get(family)?.source;
    if (source !== undefined && rib.tables.paths.source[row] === source.id) return this.#notSent(row, OWN_ROUTE);
    const told = this.#judged(peer, session, row);
    if (!told.sent) return told;
    const isForeign = family === 'ipv4' && told.attributes?.nextHop?.includes(':') === true;
    if (isForeign && !session.negotiated.extendedNextHop) return this.#notSent(row, IPV6_NEXT_HOP);
    return this.#isLeftOut(peer, session, row) ? this.#notSent(row, NO_ROOM) : told;
  }

  #judged(peer: SpeakerPeer, session: Session, row: Row): ToldPath {
    const { bgpIdentifier, clusterId = bgpIdentifier, addresses } = this.#intent;
    const identity = { bgpIdentifier, clusterId, addresses };
    const { policy, policyPeer, target } = groupOptions(peer, session, this.#router.family, identity);
    const key = JSON.stringify([
      row,
      this.#numberOf(policy),
      target,
      ...(dependsOn(policy).has('peer') ? [policyPeer.name] : []),
    ]);
    let told = this.#known.get(key);
    if (told === undefined) {
      const result = explainExport(this.#router.rib.tables, this.#prefix, row, policy, policyPeer, target);
      const reason = exportReason(result, this.#detailed);
      const sent = result.type === 'policy' && result.explanation.accepted;
      told = {
        ...this.#notSent(row, reason),
        sent,
        ...(sent ? { attributes: attributesSnapshot(result.attributes) } : {}),
      };
      this.#known.set(key, told);
    }
    return told;
  }

  /** The policy accepts, everything has been worked off, and yet the group has not sent it. */
  #isLeftOut(peer: SpeakerPeer, session: Session, row: Row): boolean {
    const { family, rib } = this.#router;
    const source = peer.families.get(family)?.source;
    const group = source === undefined ? undefined : rib.groups.groupOf(source.id);
    if (peer.session !== session || group === undefined || source === undefined || !rib.isClean) return false;
    return group.visibleTo(source.id, group.options.addPath ? row : this.#prefix) === NO_SET;
  }

  #notSent(row: Row, reason: Reason): ToldPath {
    const { tables } = this.#router.rib;
    return { protocol: tables.sources[tables.paths.source[row]!]!.info.protocol, sent: false, reason };
  }

  #numberOf(policy: object): number {
    const number = this.#policyNumbers.get(policy) ?? this.#policyNumbers.size;
    this.#policyNumbers.set(policy, number);
    return number;
  }
}

/** The session that there would be with a peer that agrees to what we offer; ADD-PATH needs the peer's word. */
export function assumedSession(peer: PeerIntent, { addresses }: Pick<Intent, 'addresses'>): Session {
  const local: Address = peer.localAddress ?? addresses[familyOf(peer.address)] ?? UNSPECIFIED[familyOf(peer.address)];
  return {
    connection: 0,
    endpoints: { local, localPort: 0, remote: peer.address, remotePort: peer.port },
    negotiated: {
      ...ASSUMED,
      peerType: peer.localAs === peer.remoteAs ? 'ibgp' : 'ebgp',
      remoteAs: peer.remoteAs,
      families: peer.families,
      extendedNextHop: peer.extendedNextHop === true,
    },
  };
}

const UNSPECIFIED: Readonly<Record<Family, Address>> = { ipv4: '0.0.0.0', ipv6: '::' };

const ASSUMED: Omit<Negotiated, 'peerType' | 'remoteAs' | 'families'> = {
  remoteIdentifier: 0,
  holdTime: 0,
  keepaliveTime: 0,
  fourOctetAs: true,
  routeRefresh: true,
  enhancedRouteRefresh: true,
  maxMessageLength: 4096,
  addPath: { send: [], receive: [] },
  extendedNextHop: false,
  remoteCapabilities: [],
};
