// All export groups of a family: which peer is in which, and how a peer comes in, moves or leaves without the others
// noticing. Work on whole tables (a new group, a changed policy) is done in portions.

import { dependsOn, equalPolicies } from '../policy/index.ts';
import { ExportGroup, type GroupOptions } from './export-group.ts';
import type { Member } from './export-member.ts';
import type { SourceId } from './source.ts';
import type { RibTables } from './tables.ts';

export class ExportGroups {
  readonly #tables: RibTables;
  readonly #groups = new Set<ExportGroup>();
  readonly #groupOf = new Map<SourceId, ExportGroup>();
  /** Peers that wait for their (new) group to be filled. */
  readonly #waiting = new Map<SourceId, ExportGroup>();
  /** Groups with offers to make or a snapshot to build. */
  readonly #busy = new Set<ExportGroup>();
  /** Nothing is left to be told, and nothing has happened since that was seen. */
  #isQuiet = false;

  constructor(tables: RibTables) {
    this.#tables = tables;
  }

  get size(): number {
    return this.#groups.size;
  }

  get hasWork(): boolean {
    return this.#busy.size > 0;
  }

  all(): Iterable<ExportGroup> {
    return this.#groups;
  }

  groupOf(source: SourceId): ExportGroup | undefined {
    return this.#groupOf.get(source);
  }

  memberOf(source: SourceId): Member | undefined {
    return this.#groupOf.get(source)?.members.get(source);
  }

  /** Everybody has been told everything: nothing that was withdrawn is needed any more. */
  allUpToDate(): boolean {
    this.#isQuiet ||= [...this.#groups].every(({ isUpToDate }) => isUpToDate);
    return this.#isQuiet;
  }

  /** A session came up. */
  join(source: SourceId, options: GroupOptions): void {
    this.#assign(source, this.#findOrCreate(options));
  }

  leave(source: SourceId): void {
    this.#stopWaiting(source);
    const group = this.#groupOf.get(source);
    if (group === undefined) return;
    this.#groupOf.delete(source);
    group.leave(source);
    this.#discardIfEmpty(group);
  }

  /** The options of these peers changed while their sessions stay. */
  change(changes: ReadonlyMap<SourceId, GroupOptions>): void {
    this.#isQuiet = false;
    this.#changeWaiting(changes);
    for (const group of [...this.#groups]) this.#changeGroup(group, changes);
  }

  /** What is known of a source changed: every group works out its routes again, and only differences are sent. */
  lookAgain(): void {
    this.#isQuiet = false;
    for (const group of this.#groups) {
      group.reconfigure(group.options);
      this.#busy.add(group);
    }
  }

  /** A peer asks for the table again (RFC 2918, RFC 7313). */
  resend(source: SourceId, before: Uint8Array | undefined, after: Uint8Array | undefined): void {
    const group = this.#groupOf.get(source);
    const member = group?.members.get(source);
    if (group === undefined || member === undefined) return;
    group.resend(member, before, after);
    this.#isQuiet = false;
    this.#busy.add(group);
  }

  /** Prefixes were decided: every group looks at them, and packs what became different. */
  offer(prefixes: Int32Array, count: number): void {
    this.#isQuiet = false;
    for (const group of this.#groups) {
      group.offer(prefixes, count);
      group.flushChanges();
      group.refillIfRoom();
      if (!group.isFilled) this.#busy.add(group);
    }
  }

  /** A portion of the work on whole tables. */
  work(prefixes: number): void {
    this.#isQuiet = false;
    for (const group of this.#busy) {
      if (!group.isFilled) {
        group.fill(prefixes);
        group.flushChanges();
      }
      if (group.isFilled) this.#admit(group);
      if (!group.buildSnapshot(prefixes) && group.isFilled) this.#busy.delete(group);
    }
  }

  /** Who waits for a group that is not the right one any more waits for another, or stays where it is. */
  #changeWaiting(changes: ReadonlyMap<SourceId, GroupOptions>): void {
    for (const [source, wanted] of [...this.#waiting]) {
      const options = changes.get(source);
      if (options === undefined || sameOptions(options, wanted.options)) continue;
      this.#stopWaiting(source);
      if (!this.#groupOf.has(source)) this.#assign(source, this.#findOrCreate(options));
    }
  }

  #stopWaiting(source: SourceId): void {
    const wanted = this.#waiting.get(source);
    this.#waiting.delete(source);
    if (wanted !== undefined) this.#discardIfEmpty(wanted);
  }

  #isWaitedFor(group: ExportGroup): boolean {
    for (const wanted of this.#waiting.values()) if (wanted === group) return true;
    return false;
  }

  #changeGroup(group: ExportGroup, changes: ReadonlyMap<SourceId, GroupOptions>): void {
    const members = [...group.members.keys()];
    const changed = members.filter((source) => {
      const options = changes.get(source);
      return options !== undefined && !sameOptions(options, group.options);
    });
    const first = changed[0];
    if (first === undefined) return;
    const options = changes.get(first)!;
    const together =
      changed.length === members.length &&
      !this.#isWaitedFor(group) &&
      changed.every((source) => sameOptions(changes.get(source)!, options));
    if (together && this.#find(options) === undefined && canReconfigure(group.options, options)) {
      group.reconfigure(options);
      this.#busy.add(group);
      return;
    }
    for (const source of changed) this.#assign(source, this.#findOrCreate(changes.get(source)!));
  }

  #assign(source: SourceId, group: ExportGroup): void {
    this.#isQuiet = false;
    this.#waiting.set(source, group);
    this.#busy.add(group);
    if (group.isFilled) this.#admit(group);
  }

  /** Lets in everybody who waits for this group. */
  #admit(group: ExportGroup): void {
    if (group.isForOne && this.#isWaitedFor(group)) {
      group.workOutAll();
      return;
    }
    for (const [source, wanted] of this.#waiting) {
      if (wanted !== group) continue;
      this.#waiting.delete(source);
      const before = this.#groupOf.get(source);
      if (before === group) continue;
      this.#groupOf.set(source, group);
      if (before === undefined) {
        group.join(source);
        continue;
      }
      group.adopt(source, before);
      this.#discardIfEmpty(before);
    }
    group.settle();
  }

  #find(options: GroupOptions): ExportGroup | undefined {
    for (const group of this.#groups) if (sameOptions(group.options, options)) return group;
    return undefined;
  }

  #findOrCreate(options: GroupOptions): ExportGroup {
    const found = this.#find(options);
    if (found !== undefined) return found;
    const group = new ExportGroup(this.#tables, options);
    this.#groups.add(group);
    return group;
  }

  #discardIfEmpty(group: ExportGroup): void {
    if (group.members.size > 0 || this.#isWaitedFor(group)) return;
    this.#groups.delete(group);
    this.#busy.delete(group);
    group.dispose();
  }
}

/** What cannot change under a running session: how messages look. */
function canReconfigure(a: GroupOptions, b: GroupOptions): boolean {
  return (
    a.addPath === b.addPath &&
    a.maxMessageLength === b.maxMessageLength &&
    a.extendedNextHop === b.extendedNextHop &&
    a.context.fourOctetAs === b.context.fourOctetAs &&
    a.context.peerType === b.context.peerType
  );
}

/** Do two peers get the same bytes? */
function sameOptions(a: GroupOptions, b: GroupOptions): boolean {
  if (a.routeLimit?.member !== b.routeLimit?.member || a.routeLimit?.count !== b.routeLimit?.count) return false;
  if (!canReconfigure(a, b) || !sameTarget(a.target, b.target) || !equalPolicies(a.policy, b.policy)) return false;
  if (!dependsOn(a.policy).has('peer')) return true;
  const p = a.policyPeer;
  const q = b.policyPeer;
  return (
    p.name === q.name &&
    p.type === q.type &&
    p.localAs === q.localAs &&
    p.remoteAs === q.remoteAs &&
    p.address === q.address
  );
}

function sameTarget(a: GroupOptions['target'], b: GroupOptions['target']): boolean {
  return (
    a.type === b.type &&
    a.localAs === b.localAs &&
    a.identifier === b.identifier &&
    a.clusterId === b.clusterId &&
    a.nextHopMode === b.nextHopMode &&
    a.localAddress === b.localAddress &&
    a.linkLocalAddress === b.linkLocalAddress &&
    a.role === b.role &&
    a.gracefulShutdown === b.gracefulShutdown &&
    a.routeReflectorClient === b.routeReflectorClient &&
    a.llgrAware === b.llgrAware
  );
}
