// Options of BGP protocols, one row each, and what must hold of all of them together.

import { isLinkLocal, type Role } from 'node-bgp';
import type { PeerTimers } from '../../src/intent/types.ts';
import { type EndpointPart, fail, type Place } from '../language/index.ts';
import { readBfdOptions } from './bfd-options.ts';
import type { BgpDraft, Draft } from './drafts.ts';
import type { OptionReader } from './option-reader.ts';
import { ignored, refused, silent } from './treatments.ts';

export type BgpHandler = (bgp: BgpDraft, option: OptionReader) => void;

const LONGEST_WAY = 255;
const ANY_NUMBER = 255;
const SHORTEST_HOLD_TIME = 3;

const ROLES: Readonly<Record<string, Role>> = {
  peer: 'peer',
  provider: 'provider',
  customer: 'customer',
  rs_server: 'routeServer',
  rs_client: 'routeServerClient',
};

export const BGP_OPTIONS: Readonly<Record<string, BgpHandler>> = {
  local: (bgp, option) => {
    for (const part of option.argument(0, 'endpoint')!.parts) {
      if (part.type === 'as') bgp.localAs = option.numberOf(part.as);
      else if (part.type === 'port') bgp.localPort = option.port(part.port, part.end);
      else if (part.type === 'address') setLocalAddress(bgp, part, option);
    }
  },
  neighbor: (bgp, option) => {
    for (const part of option.argument(0, 'endpoint')!.parts) setNeighbor(bgp, part, option);
  },
  interface: (bgp, option) => {
    bgp.interface = option.text();
  },
  'source address': (bgp, option) => {
    bgp.localAddress = option.address();
  },
  direct: (bgp) => {
    bgp.multihop = false;
  },
  multihop: (bgp, option) => {
    const hops = option.optionalNumber();
    if (hops !== undefined && (hops < 1 || hops > LONGEST_WAY)) option.fail('Multihop must be in range 1-255');
    bgp.multihop = true;
    if (hops === undefined) delete bgp.hops;
    else bgp.hops = hops;
  },
  'ttl security': (bgp, option) => {
    bgp.ttlSecurity = option.flag();
  },
  gateway: (bgp, option) => {
    bgp.gateway = option.word() as 'direct' | 'recursive';
  },
  'rr client': (bgp, option) => {
    bgp.isClient = option.flag();
  },
  'rr cluster id': (bgp, option) => {
    bgp.clusterId = option.identifier();
  },
  'rs client': (bgp, option) => {
    bgp.isRouteServerClient = option.flag();
  },
  'hold time': (bgp, option) => {
    const seconds = option.number();
    const isShort = seconds > 0 && seconds < SHORTEST_HOLD_TIME;
    if ((isShort || seconds > 0xffff) && option.unit.dialect.bird === 2) {
      option.fail('Hold time must be in range 3-65535 or zero');
    }
    if (isShort) option.remark(`hold time ${seconds} is not allowed (RFC 4271 4.2): ${SHORTEST_HOLD_TIME} is offered`);
    bgp.holdTime = isShort ? SHORTEST_HOLD_TIME : Math.min(seconds, 0xffff);
  },
  'startup hold time': silent,
  'keepalive time': (bgp, option) => {
    bgp.keepaliveTime = option.number();
  },
  'min hold time': ignored('any hold time that the protocol allows is taken'),
  'min keepalive time': silent,
  'send hold time': silent,
  'connect delay time': (bgp, option) => setTimer(bgp, { connectDelay: option.number() }),
  'start delay time': (bgp, option) => setTimer(bgp, { connectDelay: option.number() }),
  'connect retry time': (bgp, option) => setTimer(bgp, { connectRetry: option.number() }),
  'error wait time': (bgp, option) => {
    const { first, second } = option.argument(0, 'times')!;
    setTimer(bgp, { errorWait: [option.numberOf(first), option.numberOf(second)] });
  },
  'error forget time': (bgp, option) => setTimer(bgp, { errorForget: option.number() }),
  'disable after error': ignored('the session is tried again'),
  'disable after cease': ignored('the session is tried again'),
  passive: (bgp, option) => {
    bgp.isPassive = option.flag();
  },
  'path metric': ignored('shorter paths are better', true),
  'med metric': ignored('MEDs are compared between routes of one neighbour AS'),
  'igp metric': ignored('nearer next hops are better', true),
  'prefer older': ignored('the age of a route does not count'),
  'deterministic med': (bgp, option) => {
    bgp.deterministicMed = option.flag();
  },
  'default bgp_med': (_, option) => remarkUnless(0, option, 'a missing MED counts as 0'),
  'default bgp_local_pref': (_, option) => remarkUnless(100, option, 'a missing LOCAL_PREF counts as 100'),
  'allow bgp_local_pref': ignored('LOCAL_PREF stays inside the AS'),
  'allow local as': (bgp, option) => {
    bgp.allowedLocalAs = option.optionalNumber() ?? ANY_NUMBER;
  },
  'enable route refresh': ignored('route refresh is offered', true),
  'enable as4': (bgp, option) => {
    bgp.fourOctetAs = option.flag();
  },
  'enable extended messages': (bgp, option) => {
    bgp.extendedMessages = option.flag();
  },
  capabilities: ignored('capabilities are offered', true),
  'interpret communities': ignored('no-export, no-advertise and no-export-subconfed are kept', true),
  secondary: (bgp, option) => {
    bgp.secondary = option.flag();
  },
  'graceful restart': (bgp, option) => {
    if (option.word() === 'aware') bgp.gracefulRestart = 'aware';
    else bgp.gracefulRestart = option.flag() ? 'on' : 'off';
  },
  'graceful restart time': (bgp, option) => {
    bgp.restartTime = option.number();
  },
  'long lived graceful restart': (bgp, option) => {
    if (option.word() === 'aware') bgp.longLived = 'aware';
    else bgp.longLived = option.flag() ? 'on' : 'off';
  },
  'long lived stale time': (bgp, option) => {
    bgp.longLivedStaleTime = option.number();
  },
  password: (bgp, option) => {
    bgp.password = option.text();
  },
  setkey: silent,
  'check link': (bgp, option) => {
    bgp.checkLink = option.flag();
    if (bgp.checkLink) option.remark('check link has no effect: the session ends by its hold time');
  },
  bfd: (bgp, option) => {
    if (option.word() === 'graceful') bgp.bfd = 'graceful';
    else bgp.bfd = option.flag() ? 'on' : 'off';
    const block = option.argument(1, 'options');
    if (block !== undefined) bgp.bfdOptions = readBfdOptions(block.options, option.unit);
  },
  'advertise ipv4': silent,
  'advertise hostname': ignored('host names are not announced'),
  'route limit': silent,
  'missing lladdr': silent,
  'strict bind': (bgp, option) => {
    bgp.strictBind = option.flag();
  },
  'free bind': ignored('the local address must exist'),
  onlink: ignored('the neighbour is reached as the routing table says'),
  'dynamic name': (bgp, option) => {
    bgp.dynamicName = option.text();
  },
  'dynamic name digits': (bgp, option) => {
    bgp.dynamicDigits = option.number();
  },
  'local role': (bgp, option) => {
    bgp.role = ROLES[option.word()!]!;
  },
  'require roles': (bgp, option) => {
    bgp.requiresRole = option.flag();
  },
  confederation: refused('confederations'),
  'confederation member': refused('confederations'),
  'enforce first as': ignored('the first AS of a path may be any'),
  'allow as sets': ignored('AS sets are taken', true),
};

function setTimer(bgp: BgpDraft, timer: PeerTimers): void {
  bgp.timers = { ...bgp.timers, ...timer };
}

function remarkUnless(usual: number, option: OptionReader, instead: string): void {
  if (option.number() !== usual) option.remark(`${option.option.name} has no effect: ${instead}`);
}

type AddressPart = Extract<EndpointPart, { readonly type: 'address' }>;

function setLocalAddress(bgp: BgpDraft, part: AddressPart, option: OptionReader): void {
  bgp.localAddress = option.addressOf(part.address);
  if (part.interface !== undefined) bgp.interface = part.interface;
}

function setNeighbor(bgp: BgpDraft, part: EndpointPart, option: OptionReader): void {
  switch (part.type) {
    case 'address':
      if (bgp.neighbor !== undefined || bgp.range !== undefined) {
        option.fail('Only one neighbor per BGP instance is allowed');
      }
      bgp.neighbor = option.addressOf(part.address);
      if (part.interface !== undefined) bgp.interface = part.interface;
      return;
    case 'range':
      if (bgp.neighbor !== undefined || bgp.range !== undefined) {
        option.fail('Only one neighbor per BGP instance is allowed');
      }
      bgp.range = option.prefixOf(part.prefix);
      return;
    case 'port':
      bgp.port = option.port(part.port, part.end);
      return;
    case 'as':
      bgp.remoteAs = option.numberOf(part.as);
      delete bgp.remoteKind;
      return;
    default:
      bgp.remoteKind = part.type;
      delete bgp.remoteAs;
  }
}

export function isInternal({ remoteKind, remoteAs, localAs }: BgpDraft | Draft['bgp']): boolean {
  return remoteKind === 'internal' || (remoteKind === undefined && remoteAs === localAs);
}

/** BIRD reaches internal neighbours over any number of hops, external ones directly, unless told otherwise. */
export function isMultihop(bgp: BgpDraft): boolean {
  return bgp.multihop ?? isInternal(bgp);
}

export interface BgpSurroundings {
  readonly isBird1: boolean;
  /** The table of its routes is `sorted`. */
  readonly isSorted: boolean;
}

/** In the order in which BIRD looks. */
export function checkBgp({ bgp, channels }: Draft, { isBird1, isSorted }: BgpSurroundings, place: Place): void {
  const refuse = (isWrong: boolean, text: string) => {
    if (isWrong) fail(place, text);
  };
  refuse(!bgp.localAs, 'Local AS number must be set');
  refuse(bgp.neighbor === undefined && bgp.range === undefined, 'Neighbor must be configured');
  const missing = isBird1 ? 'Remote AS number must be set' : 'Remote AS number (or peer type) must be set';
  refuse(!bgp.remoteAs && bgp.remoteKind === undefined, missing);
  const isLocal = bgp.neighbor !== undefined && isLinkLocal(bgp.neighbor);
  const needed = isBird1
    ? 'Link-local neighbor address requires specified interface'
    : 'Link-local addresses require defined interface';
  refuse(isLocal && bgp.interface === undefined, needed);
  refuse(!bgp.fourOctetAs && (bgp.remoteAs ?? 0) > 0xffff, 'Neighbor AS number out of range (AS4 not available)');
  refuse(bgp.isClient && !isInternal(bgp), 'Only internal neighbor can be RR client');
  refuse(bgp.isRouteServerClient && isInternal(bgp), 'Only external neighbor can be RS client');
  refuse(bgp.isRouteServerClient, 'Caracal does not do route server clients (rs client)');
  refuse(bgp.role !== undefined && isInternal(bgp), 'Local role cannot be set on IBGP sessions');
  refuse(bgp.requiresRole && bgp.role === undefined, 'Local role must be set if roles are required');
  const isFar = isMultihop(bgp);
  refuse(isFar && bgp.gateway === 'direct', 'Multihop BGP cannot use direct gateway mode');
  refuse(isFar && isLocal, 'Multihop BGP cannot be used with link-local addresses');
  refuse(isFar && bgp.interface !== undefined, 'Multihop BGP cannot be bound to interface');
  refuse(isFar && bgp.checkLink, 'Multihop BGP cannot depend on link state');
  refuse(
    isFar && bgp.bfd !== 'off' && bgp.localAddress === undefined,
    `Multihop BGP with BFD requires specified ${isBird1 ? 'source' : 'local'} address`,
  );
  refuse(
    isSorted && (bgp.gateway ?? (isFar ? 'recursive' : 'direct')) === 'recursive',
    'BGP in recursive mode prohibits sorted table',
  );
  refuse(isSorted && bgp.deterministicMed, 'BGP with deterministic MED prohibits sorted table');
  refuse(!isSorted && bgp.secondary, 'BGP with secondary option requires sorted table');
  refuse(
    bgp.longLived === 'on' && bgp.gracefulRestart === 'off',
    'Long-lived graceful restart requires basic graceful restart',
  );
  // RFC 8212, as BIRD 2 has it.
  for (const { hasImport, hasExport } of isBird1 || isInternal(bgp) ? [] : channels.values()) {
    refuse(!hasImport, 'EBGP requires explicit import policy');
    refuse(!hasExport, 'EBGP requires explicit export policy');
  }
}
