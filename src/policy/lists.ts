// Adding to, deleting from and filtering community lists and AS paths. Values are never changed in place, and a list that
// stays as it is comes back as the same object. `add` leaves the list sorted, so that equal sets are equal lists.

import type { LargeCommunity } from 'node-bgp';
import { filterPath, prependAsns } from './as-path.ts';
import { compareLarge } from './communities.ts';
import { fault } from './fault.ts';
import { matchValues } from './match.ts';
import { describeType, isBoxed, quadNumber, type RuntimeValue } from './values.ts';

export type ListOperation = 'add' | 'delete' | 'filter' | 'prepend';

/** `of` with the operation done; `of` itself where nothing changes. Wrong types are run-time errors. */
export function changeList(of: RuntimeValue, operation: ListOperation, value: RuntimeValue): RuntimeValue {
  if (isBoxed(of, 'path')) {
    const path = changePath(of.value, operation, value);
    return path === of.value ? of : { type: 'path', value: path };
  }
  if (operation === 'prepend') return fault(`prepend to ${describeType(of)}`);
  if (isBoxed(of, 'clist')) {
    const list = changeMembers(of.value, operation, value, CLIST);
    return list === of.value ? of : { type: 'clist', value: list };
  }
  if (isBoxed(of, 'eclist')) {
    const list = changeMembers(of.value, operation, value, ECLIST);
    return list === of.value ? of : { type: 'eclist', value: list };
  }
  if (isBoxed(of, 'lclist')) {
    const list = changeMembers(of.value, operation, value, LCLIST);
    return list === of.value ? of : { type: 'lclist', value: list };
  }
  return fault(`${operation} on ${describeType(of)}`);
}

type Path = Parameters<typeof prependAsns>[0];

function changePath(path: Path, operation: ListOperation, value: RuntimeValue): Path {
  if (operation === 'add') return fault('add on path');
  if (operation === 'prepend') {
    return typeof value === 'number' ? prependAsns(path, [value]) : fault(`prepend of ${describeType(value)}`);
  }
  const wanted = operation === 'filter';
  if (typeof value === 'number') return filterPath(path, (asn) => (asn === value) === wanted);
  if (isBoxed(value, 'set')) return filterPath(path, (asn) => matchValues(asn, value) === wanted);
  return fault(`${operation} of ${describeType(value)} on path`);
}

/** How one kind of list sees its members, and the values that stand for one or several of them. */
interface ListKind<T> {
  /** A value that is one member; undefined for others. */
  readonly member: (value: RuntimeValue) => T | undefined;
  /** A value that is a list of this kind; undefined for others. */
  readonly members: (value: RuntimeValue) => readonly T[] | undefined;
  readonly isIn: (member: T, set: RuntimeValue & { readonly type: 'set' }) => boolean;
  readonly order: (a: T, b: T) => number;
}

const CLIST: ListKind<number> = {
  member: (value) => (isBoxed(value, 'pair') ? value.value : quadNumber(value)),
  members: (value) => (isBoxed(value, 'clist') ? value.value : undefined),
  isIn: (member, set) => matchValues({ type: 'clist', value: [member] }, set),
  order: (a, b) => a - b,
};

const ECLIST: ListKind<string> = {
  member: (value) => (isBoxed(value, 'ec') ? value.value : undefined),
  members: (value) => (isBoxed(value, 'eclist') ? value.value : undefined),
  isIn: (member, set) => matchValues({ type: 'ec', value: member }, set),
  order: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
};

const LCLIST: ListKind<LargeCommunity> = {
  member: (value) => (isBoxed(value, 'lc') ? value.value : undefined),
  members: (value) => (isBoxed(value, 'lclist') ? value.value : undefined),
  isIn: (member, set) => matchValues({ type: 'lc', value: member }, set),
  order: compareLarge,
};

function changeMembers<T>(
  list: readonly T[],
  operation: 'add' | 'delete' | 'filter',
  value: RuntimeValue,
  kind: ListKind<T>,
): readonly T[] {
  const one = kind.member(value);
  const operands = one === undefined ? kind.members(value) : [one];
  if (operation === 'add') {
    return operands === undefined ? fault(`add of ${describeType(value)}`) : addMembers(list, operands, kind);
  }
  const wanted = operation === 'filter';
  const test =
    operands === undefined ? setTest(value, operation, kind) : (member: T) => includes(operands, member, kind);
  const kept = list.filter((member) => test(member) === wanted);
  return kept.length === list.length ? list : kept;
}

function setTest<T>(value: RuntimeValue, operation: string, kind: ListKind<T>): (member: T) => boolean {
  if (isBoxed(value, 'set')) return (member) => kind.isIn(member, value);
  return fault(`${operation} of ${describeType(value)}`);
}

function includes<T>(members: readonly T[], member: T, kind: ListKind<T>): boolean {
  for (let i = 0; i < members.length; i++) if (kind.order(members[i]!, member) === 0) return true;
  return false;
}

/** One member more is by far the most frequent change, and most lists are sorted already. */
function addMembers<T>(list: readonly T[], added: readonly T[], kind: ListKind<T>): readonly T[] {
  const missing = added.filter((member) => !includes(list, member, kind));
  if (missing.length === 0) return list;
  if (missing.length === 1 && isSorted(list, kind)) return insert(list, missing[0]!, kind);
  const sorted = [...list, ...missing].sort(kind.order);
  return sorted.filter((member, i) => i === 0 || kind.order(sorted[i - 1]!, member) !== 0);
}

function isSorted<T>(list: readonly T[], kind: ListKind<T>): boolean {
  for (let i = 1; i < list.length; i++) if (kind.order(list[i - 1]!, list[i]!) >= 0) return false;
  return true;
}

function insert<T>(list: readonly T[], member: T, kind: ListKind<T>): readonly T[] {
  const longer: T[] = [];
  let i = 0;
  while (i < list.length && kind.order(list[i]!, member) < 0) longer.push(list[i++]!);
  longer.push(member);
  while (i < list.length) longer.push(list[i++]!);
  return longer;
}
