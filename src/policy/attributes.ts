// What policies can look at and change, one row a name: how it is read, how it is written, how it is unset. Types are checked
// here; a wrong one is a run-time error.

import type { Attributes } from 'node-bgp';
import { equalPaths } from './as-path.ts';
import { equalLarge } from './communities.ts';
import { type Context, ownAttributes, removeAttribute, setOther } from './context.ts';
import { DEST_NAMES, DEST_NUMBERS, ENUMS } from './enums.ts';
import { fault } from './fault.ts';
import type { RouteDest } from './route.ts';
import type { AttributeName, Policy, PolicyInput } from './types.ts';
import { describeType, equalLists, isBoxed, OPAQUE, quadNumber, type RuntimeValue } from './values.ts';

export interface AttributeRow {
  readonly reads: readonly PolicyInput[];
  readonly read: (context: Context) => RuntimeValue;
  readonly write: (context: Context, value: RuntimeValue) => void;
  readonly unset: (context: Context) => void;
}

const refuse = (name: string, wanted: string, value: RuntimeValue): never =>
  fault(`${name} takes ${wanted}, not ${describeType(value)}`);

/** Enum values pass as ints, as they always did in filters. */
function asInt(name: string, value: RuntimeValue): number {
  if (typeof value === 'number') return value;
  return isBoxed(value, 'enum') ? value.value : refuse(name, 'int', value);
}

const readOnly = (name: string) => () => fault(`${name} cannot be changed`);

/** A route that BGP brought, or that is on its way to a BGP neighbour, has ORIGIN and AS_PATH; others have neither. */
function hasBgpAttributes(context: Context): boolean {
  return context.route.source === 'bgp' || context.route.peer !== undefined;
}

const BGP_ONLY: readonly PolicyInput[] = ['attributes', 'source', 'peerType'];

function intRow(key: 'med' | 'localPref' | 'onlyToCustomer'): AttributeRow {
  return {
    reads: ['attributes'],
    read: (context) => context.attributes[key],
    write: (context, value) => {
      const number = asInt(key, value);
      if (context.attributes[key] !== number) ownAttributes(context)[key] = number;
    },
    unset: (context) => removeAttribute(context, key),
  };
}

/** A community list that is not there is the empty list, and the empty list is not kept. */
function listRow<K extends 'communities' | 'extendedCommunities' | 'largeCommunities' | 'clusterList'>(
  key: K,
  type: 'clist' | 'eclist' | 'lclist',
): AttributeRow {
  type List = NonNullable<Attributes[K]>;
  return {
    reads: ['attributes'],
    read: (context) => ({ type, value: context.attributes[key] ?? [] }) as RuntimeValue,
    write: (context, value) => {
      if (!isBoxed(value, type)) return refuse(key, type, value);
      const list = value.value as List;
      const old: readonly unknown[] = context.attributes[key] ?? [];
      if (equalLists(old, list, sameMember)) return;
      if (list.length === 0) removeAttribute(context, key);
      else ownAttributes(context)[key] = list;
    },
    unset: (context) => removeAttribute(context, key),
  };
}

function sameMember(a: unknown, b: unknown): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && equalLarge(a as never, b as never));
}

/** An attribute that can be looked for and removed, but not read. */
function opaqueRow(key: 'atomicAggregate' | 'aggregator'): AttributeRow {
  return {
    reads: ['attributes'],
    read: (context) => (context.attributes[key] === undefined ? undefined : OPAQUE),
    write: readOnly(key),
    unset: (context) => removeAttribute(context, key),
  };
}

const ORIGINS = [ENUMS.ORIGIN_IGP, ENUMS.ORIGIN_EGP, ENUMS.ORIGIN_INCOMPLETE];
const DESTS = DEST_NAMES.map((name) => ({ type: 'enum', of: 'dest', value: DEST_NUMBERS[name] }) as const);
/** The destinations that a filter may choose by name. */
const ASSIGNABLE_DESTS: readonly RouteDest[] = ['blackhole', 'unreachable', 'prohibit'];

const ROWS: Readonly<Record<Exclude<AttributeName, `krt_${string}` | 'igp_metric'>, AttributeRow>> = {
  med: intRow('med'),
  localPref: intRow('localPref'),
  onlyToCustomer: intRow('onlyToCustomer'),
  communities: listRow('communities', 'clist'),
  extendedCommunities: listRow('extendedCommunities', 'eclist'),
  largeCommunities: listRow('largeCommunities', 'lclist'),
  clusterList: listRow('clusterList', 'clist'),
  atomicAggregate: opaqueRow('atomicAggregate'),
  aggregator: opaqueRow('aggregator'),
  origin: {
    reads: BGP_ONLY,
    read: (context) => (hasBgpAttributes(context) ? ORIGINS[context.attributes.origin] : undefined),
    write: (context, value) => {
      if (!isBoxed(value, 'enum') || value.of !== 'origin') return refuse('origin', 'an origin', value);
      if (context.attributes.origin !== value.value) ownAttributes(context).origin = value.value as 0 | 1 | 2;
    },
    // ORIGIN is mandatory (RFC 4271 5.1.1): without one the route says INCOMPLETE.
    unset: (context) => {
      if (context.attributes.origin !== 2) ownAttributes(context).origin = 2;
    },
  },
  asPath: {
    reads: BGP_ONLY,
    read: (context) => (hasBgpAttributes(context) ? { type: 'path', value: context.attributes.asPath } : undefined),
    write: (context, value) => {
      if (!isBoxed(value, 'path')) return refuse('asPath', 'path', value);
      if (!equalPaths(context.attributes.asPath, value.value)) ownAttributes(context).asPath = value.value;
    },
    unset: (context) => {
      if (context.attributes.asPath.length > 0) ownAttributes(context).asPath = [];
    },
  },
  nextHop: {
    reads: ['attributes'],
    read: (context) => {
      const { nextHop } = context.attributes;
      return nextHop === undefined ? undefined : { type: 'ip', value: nextHop };
    },
    write: (context, value) => {
      if (!isBoxed(value, 'ip')) return refuse('nextHop', 'ip', value);
      if (context.attributes.nextHop === value.value) return;
      removeAttribute(context, 'linkLocalNextHop');
      ownAttributes(context).nextHop = value.value;
    },
    unset: (context) => {
      removeAttribute(context, 'nextHop');
      removeAttribute(context, 'linkLocalNextHop');
    },
  },
  originatorId: {
    reads: ['attributes'],
    read: (context) => {
      const { originatorId } = context.attributes;
      return originatorId === undefined ? undefined : { type: 'quad', value: originatorId };
    },
    write: (context, value) => {
      const id = quadNumber(value) ?? refuse('originatorId', 'quad', value);
      if (context.attributes.originatorId !== id) ownAttributes(context).originatorId = id;
    },
    unset: (context) => removeAttribute(context, 'originatorId'),
  },
  preference: {
    reads: ['preference'],
    read: (context) => context.preference,
    write: (context, value) => {
      const number = asInt('preference', value);
      if (number > 0xffff) fault('preference is at most 65535');
      if (context.preference === number) return;
      context.preference = number;
      context.changes++;
    },
    unset: readOnly('preference'),
  },
  metric: {
    reads: ['metric'],
    read: (context) => context.metric,
    write: (context, value) => changeMetric(context, asInt('metric', value)),
    unset: (context) => changeMetric(context, undefined),
  },
  tunnel: {
    reads: [],
    read: (context) => context.tunnel,
    write: (context, value) =>
      typeof value === 'string' ? changeTunnel(context, value) : refuse('tunnel', 'string', value),
    unset: (context) => changeTunnel(context, undefined),
  },
  dest: {
    reads: ['dest', 'gateway', 'interface', 'source'],
    read: (context) => DESTS[DEST_NUMBERS[currentDest(context)]],
    write: (context, value) => {
      const dest = isBoxed(value, 'enum') && value.of === 'dest' ? DEST_NAMES[value.value] : undefined;
      if (dest === undefined || !ASSIGNABLE_DESTS.includes(dest))
        return fault('dest takes blackhole, unreachable or prohibit');
      if (dest !== currentDest(context)) setOther(context, 'dest', dest);
    },
    unset: readOnly('dest'),
  },
  gateway: {
    reads: ['gateway', 'dest', 'interface', 'source'],
    read: (context) => ({ type: 'ip', value: currentGateway(context) }),
    write: (context, value) => {
      if (!isBoxed(value, 'ip')) return refuse('gateway', 'ip', value);
      setOther(context, 'gateway', value.value);
      setOther(context, 'dest', 'router');
    },
    unset: readOnly('gateway'),
  },
  interface: {
    reads: ['interface'],
    read: currentInterface,
    write: (context, value) => {
      if (typeof value !== 'string') return refuse('interface', 'string', value);
      setOther(context, 'interface', value);
      setOther(context, 'dest', 'device');
    },
    unset: readOnly('interface'),
  },
  scope: {
    reads: [],
    read: (context) => context.other?.get('scope') ?? ENUMS.SCOPE_UNIVERSE,
    write: (context, value) => {
      if (!isBoxed(value, 'enum') || value.of !== 'scope') return refuse('scope', 'a scope', value);
      setOther(context, 'scope', value);
    },
    unset: readOnly('scope'),
  },
};

function changeMetric(context: Context, metric: number | undefined): void {
  if (context.metric === metric) return;
  context.metric = metric;
  context.changes++;
}

function changeTunnel(context: Context, tunnel: string | undefined): void {
  if (context.tunnel === tunnel) return;
  context.tunnel = tunnel;
  context.changes++;
}

function currentDest(context: Context): RouteDest {
  const { route } = context;
  const chosen = context.other?.get('dest');
  if (chosen !== undefined) return chosen as RouteDest;
  if (route.dest !== undefined) return route.dest;
  if (route.gateway !== undefined) return 'router';
  if (route.interface !== '') return 'device';
  return route.source === 'bgp' ? 'unreachable' : 'blackhole';
}

function currentGateway(context: Context): string {
  const none = context.route.family === 'ipv4' ? '0.0.0.0' : '::';
  const chosen = context.other?.get('gateway');
  if (currentDest(context) !== 'router') return none;
  return (chosen as string | undefined) ?? context.route.gateway ?? none;
}

export function currentInterface(context: Context): string {
  return (context.other?.get('interface') as string | undefined) ?? context.route.interface;
}

/** Kernel attributes that this room knows by name only: ints or strings, kept beside the route. */
function otherRow(name: string): AttributeRow {
  return {
    reads: ['other'],
    read: (context) => (context.other?.has(name) ? context.other.get(name) : context.route.other?.[name]),
    write: (context, value) => {
      if (typeof value === 'number' || typeof value === 'string') setOther(context, name, value);
      else if (typeof value === 'boolean') setOther(context, name, Number(value));
      else if (isBoxed(value, 'ip')) setOther(context, name, value.value);
      else refuse(name, 'int, string or ip', value);
    },
    unset: (context) => setOther(context, name, undefined),
  };
}

const OTHER_ROWS = new Map<string, AttributeRow>();

export function attributeRow(name: AttributeName, dialect: Policy['dialect']): AttributeRow {
  if (name === 'asPath' && dialect === 'bird2') return BIRD2_PATH;
  if (name === 'igp_metric' || name.startsWith('krt_')) {
    const row = OTHER_ROWS.get(name) ?? otherRow(name);
    OTHER_ROWS.set(name, row);
    return row;
  }
  const row = ROWS[name as keyof typeof ROWS];
  if (row === undefined) throw new TypeError(`not an attribute: ${name}`);
  return row;
}

/** BIRD 2: a path that is not there is empty. */
const BIRD2_PATH: AttributeRow = {
  ...ROWS.asPath,
  reads: ['attributes'],
  read: (context) => ({ type: 'path', value: context.attributes.asPath }),
};
