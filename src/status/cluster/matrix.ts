// Who has a session with whom, for every two nodes of a cluster and each family: a matrix of what each row's node says of
// each column's. What it means is verdict.ts's.

import { type Address, type Family, familyOf } from 'node-bgp';
import type { NodeAnswer, SessionReport, SessionsReport } from './types.ts';

const NONE = 0;
const UP = 1;
const OTHER = 2;

/** What a node says of its session with another: it has none, it is as it should be, or this is the matter. */
export type Said = 'none' | 'up' | SessionReport;

/** A session with somebody who was not asked. */
export interface Outside {
  readonly node: number;
  readonly peerIP: Address;
  readonly said: 'up' | SessionReport;
}

export class Matrix {
  readonly size: number;
  readonly outside: Outside[] = [];
  readonly #names: readonly string[];
  readonly #reports: readonly (SessionsReport | undefined)[];
  readonly #index = new Map<Address, number>();
  /** By family, rows of `size` octets; made when the first session of the family is seen. */
  readonly #cells = new Map<Family, Uint8Array>();
  readonly #others = new Map<number, SessionReport>();
  /** Mesh members of each family. */
  readonly #members = new Map<Family, Set<number>>();

  constructor(answers: readonly NodeAnswer[]) {
    this.size = answers.length;
    this.#names = answers.map((answer) => (answer.type === 'report' ? answer.report.node : answer.node));
    this.#reports = answers.map((answer) => (answer.type === 'report' ? answer.report : undefined));
    answers.forEach((answer, node) => {
      for (const address of addressesOf(answer)) this.#index.set(address, node);
    });
    this.#reports.forEach((report, node) => {
      if (report !== undefined) this.#fill(node, report);
    });
  }

  name(node: number): string {
    return this.#names[node]!;
  }

  /** Undefined: it gave no answer. */
  report(node: number): SessionsReport | undefined {
    return this.#reports[node];
  }

  get families(): readonly Family[] {
    return [...this.#cells.keys()];
  }

  members(family: Family): ReadonlySet<number> {
    return this.#members.get(family) ?? new Set();
  }

  said(by: number, of: number, family: Family): Said {
    const place = by * this.size + of;
    const cell = this.#cells.get(family)?.[place] ?? NONE;
    if (cell === OTHER) return this.#others.get(keyOf(place, family))!;
    return cell === UP ? 'up' : 'none';
  }

  #fill(node: number, { established, others }: SessionsReport): void {
    for (const [type, addresses] of Object.entries(established)) {
      for (const address of addresses) this.#note(node, address, 'up', type === 'NodeMesh');
    }
    for (const session of others) this.#note(node, session.peerIP, session, session.type === 'NodeMesh');
  }

  #note(node: number, peerIP: Address, said: 'up' | SessionReport, isMesh: boolean): void {
    const peer = this.#index.get(peerIP);
    const family = familyOf(peerIP);
    if (isMesh) memberSet(this.#members, family).add(node);
    if (peer === undefined) {
      this.outside.push({ node, peerIP, said });
      return;
    }
    const place = node * this.size + peer;
    this.#cellsOf(family)[place] = said === 'up' ? UP : OTHER;
    if (said !== 'up') this.#others.set(keyOf(place, family), said);
  }

  #cellsOf(family: Family): Uint8Array {
    let cells = this.#cells.get(family);
    if (cells === undefined) {
      cells = new Uint8Array(this.size ** 2);
      this.#cells.set(family, cells);
    }
    return cells;
  }
}

function addressesOf(answer: NodeAnswer): readonly Address[] {
  if (answer.type === 'silence') return answer.addresses;
  const { ipv4, ipv6 } = answer.report.addresses;
  return [...(answer.addresses ?? []), ...(ipv4 === undefined ? [] : [ipv4]), ...(ipv6 === undefined ? [] : [ipv6])];
}

function keyOf(place: number, family: Family): number {
  return 2 * place + (family === 'ipv4' ? 0 : 1);
}

function memberSet(members: Map<Family, Set<number>>, family: Family): Set<number> {
  let set = members.get(family);
  if (set === undefined) {
    set = new Set();
    members.set(family, set);
  }
  return set;
}
