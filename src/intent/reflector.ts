// The Intent of a stand-alone route reflector (`RouteReflector`): a speaker outside the cluster and outside the data path.
// It passes on what its clients say, and neither originates routes nor programs the kernel.

import { type Address, type Asn, type Family, familyOf } from 'node-bgp';
import type {
  ReflectorBfd,
  ReflectorPeer,
  ReflectorRange,
  ReflectorSession,
  RouteReflector,
} from '../datastore/resources/types.ts';
import {
  accept,
  either,
  familyIs,
  not,
  type Policy,
  policy,
  reject,
  type Statement,
  sourceIs,
  when,
  withOrigin,
} from '../policy/index.ts';
import { compareText, readPassword } from './cluster.ts';
import { filterStatements } from './filters.ts';
import { sessionName } from './names.ts';
import { FindingList } from './problems.ts';
import { HOLD_TIME, RESTART_TIME } from './sessions.ts';
import type {
  BfdIntent,
  Intent,
  IntentOptions,
  KernelIntent,
  ListenIntent,
  PeerIntent,
  PeerRange,
  ResourceView,
} from './types.ts';

/** What this machine itself has as routes is nobody's business, whatever filters say. */
const STEP = { step: 'routes of BGP peers' };
const NOT_OURS: Statement = withOrigin(STEP, when(not(sourceIs('bgp')), reject()));
const FROM_PEERS: Statement = withOrigin(STEP, when(sourceIs('bgp'), accept()));
const KERNEL: KernelIntent = { policy: policy('kernel', 'reject', []), directInterfaces: ['*'], maxPaths: 1 };

export function reflectorIntent(resources: ResourceView, options: IntentOptions, reflector: RouteReflector): Intent {
  const findings = new FindingList();
  const surroundings = { resources, options, findings, policies: new Map<string, Policies>() };
  const peers = new Map<string, PeerIntent>();
  const places = new Set<string>();
  reflector.peers.forEach((peer, index) => {
    const path = `spec.peers[${index}]`;
    const session = reflectorPeer(surroundings, reflector, peer, path);
    const place = `${peer.address}%${peer.interface ?? ''}`;
    if (peers.has(session.name) || places.has(place)) {
      findings.problem(reflector, path, 'another peer has this name or address');
    } else {
      peers.set(session.name, session);
      places.add(place);
    }
  });
  const ranges = reflectorRanges(surroundings, reflector);
  return {
    node: options.node,
    localAs: reflector.asNumber,
    bgpIdentifier: reflector.routerId,
    clusterId: reflector.clusterID ?? reflector.routerId,
    addresses: ownAddresses(reflector),
    listen: listenSockets(reflector),
    peers: new Map([...peers].sort(([a], [b]) => compareText(a, b))),
    ...(ranges.length === 0 ? {} : { peerRanges: ranges }),
    localRoutes: [],
    kernel: { ipv4: KERNEL, ipv6: KERNEL },
    logLevel: 'info',
    problems: findings.problems(),
  };
}

interface Policies {
  readonly importPolicy: Policy;
  readonly exportPolicy: Policy;
}

interface Surroundings {
  readonly resources: ResourceView;
  readonly options: IntentOptions;
  readonly findings: FindingList;
  /** By their names: peers with the same filters share theirs. */
  readonly policies: Map<string, Policies>;
}

function reflectorPeer(
  surroundings: Surroundings,
  reflector: RouteReflector,
  peer: ReflectorPeer,
  path: string,
): PeerIntent {
  const localAddress = firstOf(reflector.listenAddresses, familyOf(peer.address));
  const zone = peer.interface === undefined ? '' : `_${peer.interface}`;
  return {
    name: peer.name ?? sessionName('static', `${peer.address}${zone}`, peer.port),
    description: peer.name ?? peer.address,
    address: peer.address,
    ...(peer.interface === undefined ? {} : { interface: peer.interface }),
    port: peer.port ?? 179,
    passive: peer.passive,
    // Towards a link-local address the system takes its own on that link.
    ...(localAddress === undefined || peer.interface !== undefined ? {} : { localAddress }),
    ...reflectorSession(surroundings, reflector, peer, path),
  };
}

function reflectorRanges(surroundings: Surroundings, reflector: RouteReflector): readonly PeerRange[] {
  const ranges = new Map<string, PeerRange>();
  reflector.listenRanges?.forEach((given, index) => {
    const path = `spec.listenRanges[${index}]`;
    const range = reflectorRange(surroundings, reflector, given, path);
    const isTwin = [...ranges.values()].some((other) => other.name === range.name || other.range === range.range);
    if (isTwin) surroundings.findings.problem(reflector, path, 'another range has this name or prefix');
    else ranges.set(range.name, range);
  });
  return [...ranges.values()].sort((a, b) => compareText(a.name, b.name));
}

function reflectorRange(
  surroundings: Surroundings,
  reflector: RouteReflector,
  given: ReflectorRange,
  path: string,
): PeerRange {
  const { range, limit, digits = 0 } = given;
  const name = given.name ?? range;
  return {
    name,
    range,
    namePrefix: given.namePrefix ?? `${sessionName('static', name.replace('/', '_'))}_`,
    digits,
    ...(limit === undefined ? {} : { limit }),
    peer: {
      description: `from ${name}`,
      passive: true,
      ...reflectorSession(surroundings, reflector, given, path),
    },
  };
}

type Common = Omit<PeerIntent, 'name' | 'description' | 'address' | 'port' | 'passive' | 'localAddress' | 'interface'>;

function reflectorSession(
  surroundings: Surroundings,
  reflector: RouteReflector,
  given: ReflectorSession,
  path: string,
): Common {
  const { asNumber: localAs } = reflector;
  const remoteAs = given.external ? 0 : given.asNumber || localAs;
  const password = readPassword(surroundings, given.password, reflector, `${path}.password`);
  return {
    kind: 'static',
    origin: [`RouteReflector ${reflector.metadata.name}`],
    families: given.families,
    remoteAs,
    localAs,
    ...(password === undefined ? {} : { password }),
    holdTime: given.holdTime ?? HOLD_TIME,
    restartTime: RESTART_TIME,
    allowedLocalAs: 0,
    nextHopMode: 'auto',
    routeReflectorClient: given.client && remoteAs === localAs,
    addPath: given.addPath ? 'both' : 'off',
    ...policiesOf(surroundings, reflector, given, { remoteAs, path }),
    ...optionsOf(reflector, given),
  };
}

/** What is absent where it is usual. */
function optionsOf(reflector: RouteReflector, given: ReflectorSession): Partial<Common> {
  const {
    external,
    limits,
    role,
    requireRole,
    extendedMessages,
    extendedNextHop,
    longLivedStaleTime,
    bfd,
    ttlSecurity,
  } = given;
  const gracefulShutdown = given.gracefulShutdown ?? reflector.gracefulShutdown;
  return {
    ...(external === undefined ? {} : { anyExternalAs: true }),
    ...(limits === undefined ? {} : { limits }),
    ...(role === undefined ? {} : { role }),
    ...(requireRole === undefined ? {} : { requireRole }),
    ...(extendedMessages === undefined ? {} : { extendedMessages }),
    ...(extendedNextHop === undefined ? {} : { extendedNextHop }),
    ...(gracefulShutdown === undefined ? {} : { gracefulShutdown }),
    ...(longLivedStaleTime === undefined ? {} : { longLivedGracefulRestart: { staleTime: longLivedStaleTime } }),
    ...(bfd === undefined ? {} : { bfd: bfdIntent(bfd) }),
    ...(ttlSecurity === undefined ? {} : { ttlSecurity }),
  };
}

function bfdIntent({ multihop, intervalMilliseconds, multiplier }: ReflectorBfd): BfdIntent {
  return { multihop, minTransmit: intervalMilliseconds, minReceive: intervalMilliseconds, multiplier };
}

function policiesOf(
  surroundings: Surroundings,
  reflector: RouteReflector,
  { filters = [] }: ReflectorSession,
  { remoteAs, path }: { readonly remoteAs: Asn; readonly path: string },
): Policies {
  const { findings, policies, resources } = surroundings;
  const isExternal = remoteAs !== reflector.asNumber;
  const isClosed = reflector.requireFilters === true && isExternal && filters.length === 0;
  if (isClosed) {
    const text = 'an external peer without filters is told nothing and not believed (requireFilters, RFC 8212)';
    findings.warning(reflector, path, `${text}; give it filters`);
  }
  filters.forEach((filter, index) => {
    if (resources.get('BGPFilter', filter) !== undefined) return;
    findings.problem(reflector, `${path}.filters[${index}]`, `there is no BGPFilter ${filter}; it is skipped`);
  });
  const key = JSON.stringify([isClosed, ...filters]);
  const made = policies.get(key) ?? (isClosed ? CLOSED : makePolicies(resources, filters));
  policies.set(key, made);
  return made;
}

const CLOSED: Policies = {
  importPolicy: policy('import', 'reject', []),
  exportPolicy: policy('export', 'reject', []),
};

function makePolicies(resources: ResourceView, filters: readonly string[]): Policies {
  const rules = (direction: 'import' | 'export'): readonly Statement[] => {
    const [ipv4, ipv6] = ([4, 6] as const).map((version) =>
      filters.flatMap((name) => {
        const filter = resources.get('BGPFilter', name);
        return filter === undefined ? [] : filterStatements(filter, `${direction}V${version}`);
      }),
    );
    return ipv4!.length + ipv6!.length === 0 ? [] : [either(familyIs('ipv4'), ipv4!, ipv6!)];
  };
  const name = filters.length === 0 ? '' : ` ${filters.join(' ')}`;
  return {
    importPolicy: policy(`import${name}`, 'accept', rules('import')),
    exportPolicy: policy(`export${name}`, 'reject', [
      ...(filters.length === 0 ? [] : [NOT_OURS]),
      ...rules('export'),
      FROM_PEERS,
    ]),
  };
}

function listenSockets(reflector: RouteReflector): readonly ListenIntent[] {
  const port = reflector.listenPort;
  if (reflector.listenAddresses.length === 0) return [{ port }];
  return [...new Set(reflector.listenAddresses)].sort(compareText).map((address) => ({ address, port }));
}

function ownAddresses(reflector: RouteReflector): Intent['addresses'] {
  const ipv4 = firstOf(reflector.listenAddresses, 'ipv4');
  const ipv6 = firstOf(reflector.listenAddresses, 'ipv6');
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

function firstOf(addresses: readonly Address[], family: Family): Address | undefined {
  return addresses.find((address) => familyOf(address) === family && !isUnspecified(address));
}

function isUnspecified(address: Address): boolean {
  return address === '0.0.0.0' || address === '::';
}
