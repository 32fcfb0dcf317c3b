// BGP protocols as peers of the Intent.

import type { Address, RouterId } from 'node-bgp';
import type { BfdIntent, PeerIntent, PeerKind, PeerRange } from '../../src/intent/types.ts';
import {
  either,
  familyIs,
  type Policy,
  type PolicyFunction,
  policyKey,
  type Statement,
} from '../../src/policy/index.ts';
import type { Unit } from '../filters/index.ts';
import { isMultihop } from './bgp-options.ts';
import type { Channel, Protocol } from './configuration.ts';

const BGP_PORT = 179;

/** What the names that Calico gives to protocols say. */
const KINDS: readonly (readonly [prefix: string, kind: PeerKind])[] = [
  ['Mesh_', 'mesh'],
  ['Global_', 'global'],
  ['Node_', 'node'],
  ['Local_Workload_', 'localWorkload'],
];

/** What a session has of the configuration around it. */
export interface Surroundings {
  readonly unit: Unit;
  readonly clusterId: RouterId | undefined;
  readonly bfd: BfdIntent | undefined;
}

export function peerOf(protocol: Protocol, surroundings: Surroundings): PeerIntent {
  return { name: protocol.name, ...endpoint(protocol), ...common(protocol, surroundings) };
}

export function peerRangeOf(protocol: Protocol, surroundings: Surroundings): PeerRange {
  const { dynamicName, dynamicDigits, range } = protocol.bgp;
  const peer = common(protocol, surroundings);
  return { name: protocol.name, range: range!, namePrefix: dynamicName, digits: dynamicDigits, peer };
}

function endpoint({ bgp }: Protocol): { address: Address; port: number } {
  return { address: bgp.neighbor!, port: bgp.port ?? BGP_PORT };
}

type Common = Omit<PeerIntent, 'name' | 'address' | 'port'>;

function common(protocol: Protocol, { unit, clusterId, bfd }: Surroundings): Common {
  const { name, bgp, description, place } = protocol;
  const channels = mainChannels(protocol);
  const [first] = channels;
  const localAs = bgp.localAs!;
  return {
    kind: KINDS.find(([prefix]) => name.startsWith(prefix))?.[1] ?? 'static',
    description,
    origin: [`${place.file}:${place.line}`],
    families: channels.map(({ family }) => family),
    remoteAs: bgp.remoteKind === 'external' ? 0 : bgp.remoteKind === 'internal' ? localAs : bgp.remoteAs!,
    localAs,
    ...(bgp.localAddress === undefined ? {} : { localAddress: bgp.localAddress }),
    passive: bgp.isPassive || bgp.range !== undefined,
    ...(bgp.password === undefined ? {} : { password: bgp.password }),
    holdTime: bgp.holdTime,
    ...(bgp.keepaliveTime === undefined ? {} : { keepaliveTime: bgp.keepaliveTime }),
    restartTime: bgp.restartTime,
    ...(bgp.ttlSecurity ? { ttlSecurity: isMultihop(bgp) ? (bgp.hops ?? 64) : 1 } : {}),
    allowedLocalAs: bgp.allowedLocalAs,
    nextHopMode: first?.nextHop ?? 'auto',
    routeReflectorClient: bgp.isClient,
    addPath: first?.addPath ?? 'off',
    importPolicy: combine(channels, 'importPolicy', unit),
    exportPolicy: combine(channels, 'exportPolicy', unit),
    ...optional(protocol, first, clusterId),
    ...(bfd === undefined ? {} : { bfd }),
  };
}

/** What is absent where it is usual. */
function optional(
  { bgp, channels }: Protocol,
  channel: Channel | undefined,
  clusterId: RouterId | undefined,
): Partial<PeerIntent> {
  const limits = channel?.limits ?? {};
  return {
    ...(isMultihop(bgp) ? {} : { direct: true }),
    ...(bgp.interface === undefined ? {} : { interface: bgp.interface }),
    ...(bgp.gracefulRestart === 'on' ? {} : { gracefulRestart: bgp.gracefulRestart }),
    ...(bgp.longLived === 'off' ? { longLivedGracefulRestart: 'off' } : {}),
    ...(bgp.longLived === 'on' ? { longLivedGracefulRestart: { staleTime: bgp.longLivedStaleTime } } : {}),
    ...(Object.keys(bgp.timers).length === 0 ? {} : { timers: bgp.timers }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(channel?.preference === undefined ? {} : { preference: channel.preference }),
    ...(bgp.clusterId === undefined || bgp.clusterId === clusterId ? {} : { clusterId: bgp.clusterId }),
    ...(bgp.remoteKind === 'external' ? { anyExternalAs: true } : {}),
    ...(bgp.role === undefined ? {} : { role: bgp.role }),
    ...(bgp.requiresRole ? { requireRole: true } : {}),
    ...(bgp.extendedMessages ? { extendedMessages: true } : {}),
    ...(channels.get('ipv4')?.extendedNextHop ? { extendedNextHop: true } : {}),
  };
}

/** Channels whose routes are in the main tables. */
export function mainChannels({ channels }: Protocol): readonly Channel[] {
  return [...channels.values()].filter(({ table }) => table === undefined);
}

/** One policy for both families, with a branch for each where they differ. */
function combine(channels: readonly Channel[], which: 'importPolicy' | 'exportPolicy', unit: Unit): Policy {
  const [first, second] = channels;
  const policy = first![which];
  if (second === undefined || policyKey(policy) === policyKey(second[which])) return policy;
  const other = second[which];
  const functions = mergeFunctions(policy, other);
  return unit.intern({
    name: policy.name === other.name ? policy.name : `${policy.name}, ${other.name}`,
    default: 'reject',
    body: [either(familyIs(first!.family), whole(policy), whole(other))],
    dialect: 'bird2',
    ...(functions.length === 0 ? {} : { functions }),
  });
}

/** The statements with the verdict that stands where none decides. */
function whole(policy: Policy): readonly Statement[] {
  return [...policy.body, { type: policy.default }];
}

function mergeFunctions(a: Policy, b: Policy): readonly PolicyFunction[] {
  return [...new Set([...(a.functions ?? []), ...(b.functions ?? [])])];
}

/** Options that a session can have only once, and that its channels say differently. */
export function disagreements(protocol: Protocol): readonly string[] {
  const [first, second] = mainChannels(protocol);
  if (first === undefined || second === undefined) return [];
  const fields = { nextHop: 'next hop', addPath: 'add paths', limits: 'limits', preference: 'preference' } as const;
  return (Object.keys(fields) as (keyof typeof fields)[])
    .filter((field) => JSON.stringify(first[field]) !== JSON.stringify(second[field]))
    .map((field) => fields[field]);
}
