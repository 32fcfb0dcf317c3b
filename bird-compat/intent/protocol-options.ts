// Options of all protocols that are not BGP's, and which options each kind of protocol has.

import type { Family } from 'node-bgp';
import { compileRouteCommands } from '../filters/index.ts';
import { fail, type Option, type Term } from '../language/index.ts';
import { readBfdOptions } from './bfd-options.ts';
import { BGP_OPTIONS } from './bgp-options.ts';
import type { ProtocolKind, StaticRoute } from './configuration.ts';
import { type Draft, MOST_PATHS, newChannel } from './drafts.ts';
import { OptionReader } from './option-reader.ts';
import { BGP_CHANNEL_OPTIONS, type ChannelHandler, ROUTE_OPTIONS } from './route-options.ts';
import { ignored, refused, silent } from './treatments.ts';

export type Handler = (draft: Draft, option: OptionReader) => void;

const COMMON: Readonly<Record<string, Handler>> = {
  disabled: (draft, option) => {
    draft.isDisabled = option.flag();
  },
  debug: (draft, option) => {
    draft.debug = option.flags(0);
  },
  mrtdump: refused('MRT dumps'),
  vrf: (draft, option) => {
    draft.inVrf = option.word() !== 'default';
  },
  'router id': (draft, option) => {
    draft.routerId = option.identifier();
  },
  description: (draft, option) => {
    draft.description = option.text();
  },
};

const WIDEST_MERGE = 255;

const KERNEL: Readonly<Record<string, Handler>> = {
  persist: ({ kernel }, option) => {
    kernel.persist = option.flag();
  },
  'scan time': ({ kernel }, option) => {
    kernel.scanTime = option.number();
  },
  learn: ({ kernel }, option) => {
    kernel.learn = option.flag();
  },
  'device routes': ignored('connected networks are left to Linux'),
  'graceful restart': silent,
  'merge paths': ({ kernel }, option) => {
    const isGiven = option.argument(1, 'term') !== undefined;
    const text = 'Merge paths limit must be in range 1-255';
    const limit = isGiven ? option.boundedNumber(1, 1, WIDEST_MERGE, text) : MOST_PATHS;
    kernel.maxPaths = option.flag() ? limit : 1;
  },
  'kernel table': ({ kernel }, option) => {
    kernel.table = option.number();
  },
  metric: ({ kernel }, option) => {
    kernel.metric = option.number();
  },
  'netlink rx buffer': silent,
};

const DEVICE: Readonly<Record<string, Handler>> = {
  'scan time': silent,
  primary: ignored('primary addresses are what Linux says'),
  interface: ignored('primary addresses are what Linux says'),
};

const DIRECT: Readonly<Record<string, Handler>> = {
  interface: (draft, option) => {
    draft.interfaces = option.patterns();
  },
  'check link': ignored('an interface that is up without a carrier counts as up'),
};

const STATIC: Readonly<Record<string, Handler>> = {
  route: (draft, option) => {
    draft.routes = [...draft.routes, staticRoute(option)];
  },
  'check link': ignored('an interface that is up without a carrier counts as up'),
  'igp table': ignored('next hops are looked up in the main table'),
};

const PIPE: Readonly<Record<string, Handler>> = {
  'peer table': (draft, option) => {
    const { name, at } = option.argument(0, 'symbol')!;
    const symbol = option.unit.global.find(name);
    if (symbol === undefined && option.unit.dialect.bird === 2) fail(at, 'syntax error, unexpected CF_SYM_UNDEFINED');
    if (symbol?.type !== 'table') fail(at, 'Routing table name expected');
    draft.peerTable = name;
  },
  mode: silent,
  'max generation': silent,
  'rpki reload': silent,
};

const BFD: Readonly<Record<string, Handler>> = {
  interface: ({ bfd }, option) => {
    const options = readBfdOptions(option.argument(1, 'options')?.options ?? [], option.unit);
    bfd.interfaces = [...bfd.interfaces, { patterns: option.patterns(), options }];
  },
  multihop: ({ bfd }, option) => {
    bfd.multihop = readBfdOptions(option.argument(0, 'options')!.options, option.unit);
  },
  neighbor: ignored('BFD watches over the sessions of BGP only'),
  'strict bind': silent,
  accept: silent,
};

const BGP: Readonly<Record<string, Handler>> = Object.fromEntries(
  Object.entries(BGP_OPTIONS).map(([name, handle]): [string, Handler] => [
    name,
    ({ bgp }, option) => handle(bgp, option),
  ]),
);

const KINDS: Readonly<Record<ProtocolKind, Readonly<Record<string, Handler>>>> = {
  bgp: { ...BGP, ...COMMON },
  kernel: { ...KERNEL, ...COMMON },
  device: { ...DEVICE, ...COMMON },
  direct: { ...DIRECT, ...COMMON },
  static: { ...STATIC, ...COMMON },
  pipe: { ...PIPE, ...COMMON },
  bfd: { ...BFD, ...COMMON },
};

/** Options that BIRD 1.6 has beside the others, and BIRD 2 in a channel. */
const CHANNEL_OPTIONS: Readonly<Partial<Record<ProtocolKind, Readonly<Record<string, ChannelHandler>>>>> = {
  bgp: {
    ...BGP_CHANNEL_OPTIONS,
    'route limit': (channel, option) => {
      channel.limits = { ...channel.limits, import: { count: option.number(), action: 'restart' } };
    },
  },
};

/** Only BGP reads these twice: for the session and for its routes. */
const OF_SESSION = new Set([
  'gateway',
  'secondary',
  'graceful restart',
  'long lived graceful restart',
  'long lived stale time',
]);

export function applyOption(draft: Draft, option: Option, reader: OptionReader): void {
  const { kind } = draft;
  const { bird } = reader.unit.dialect;
  const family = familyOfChannel(option.name);
  if (bird === 2 && family !== undefined) {
    applyChannel(draft, family, reader);
    return;
  }
  const ofChannel = (CHANNEL_OPTIONS[kind] ?? ROUTE_OPTIONS)[option.name];
  const own = ownHandler(kind, option.name);
  const isOwn = (bird === 2 && kind !== 'pipe') || ofChannel === undefined || OF_SESSION.has(option.name);
  if (isOwn && own !== undefined) {
    own(draft, reader);
    return;
  }
  if (draft.channels.size === 0) draft.channels.set('ipv4', newChannel('ipv4'));
  for (const channel of draft.channels.values()) ofChannel!(channel, reader);
  // A protocol of BIRD 1.6 has no more than one channel, and a pipe of BIRD 2 says which by its table.
  if (option.name === 'table' && bird === 2) takeFamilyOfTable(draft, reader);
}

function ownHandler(kind: ProtocolKind, name: string): Handler | undefined {
  return Object.hasOwn(KINDS[kind], name) ? KINDS[kind][name] : undefined;
}

function takeFamilyOfTable(draft: Draft, reader: OptionReader): void {
  const symbol = reader.unit.global.find(reader.argument(0, 'symbol')!.name);
  const [channel] = draft.channels.values();
  if (symbol?.type !== 'table' || symbol.family === 'any' || channel === undefined) return;
  draft.channels = new Map([[symbol.family, { ...channel, family: symbol.family }]]);
}

const UNICAST: Readonly<Record<string, Family>> = { ipv4: 'ipv4', ipv6: 'ipv6' };
const OTHER_CHANNEL = /^(?:ipv[46] |vpn|flow|mpls)/;

/** The family of `ipv4 { ... }`; `other` for kinds of routes that are refused. */
function familyOfChannel(name: string): Family | 'other' | undefined {
  return UNICAST[name] ?? (OTHER_CHANNEL.test(name) ? 'other' : undefined);
}

function applyChannel(draft: Draft, family: Family | 'other', reader: OptionReader): void {
  if (family === 'other') fail(reader.option.at, `Caracal does not do the channel ${reader.option.name}`);
  const block = reader.argument(0, 'options');
  if (draft.ownChannels.has(family)) fail(block?.at ?? reader.end, `Multiple ${family} channels`);
  draft.ownChannels.add(family);
  const channel = draft.channels.get(family) ?? newChannel(family);
  draft.channels.set(family, channel);
  const handlers =
    draft.kind === 'bgp' ? BGP_CHANNEL_OPTIONS : { ...ROUTE_OPTIONS, debug: silent, 'rpki reload': silent };
  for (const option of block?.options ?? []) {
    const inner = new OptionReader(option, reader.unit);
    handlers[option.name]!(channel, inner);
    if (draft.kind === 'bgp' && option.name === 'gateway') BGP_OPTIONS.gateway!(draft.bgp, inner);
  }
}

function staticRoute(option: OptionReader): StaticRoute {
  const prefix = option.prefix();
  const { destination, commands } = option.argument(1, 'destination')!;
  const place = option.option.at;
  const policy = commands.length === 0 ? {} : { policy: compileRouteCommands(commands, option.unit) };
  const common = { prefix, ...policy, place };
  switch (destination.type) {
    case 'device':
      return { ...common, type: 'device', device: destination.name };
    case 'recursive':
      return { ...common, type: 'recursive', gateway: option.addressOf(destination.gateway) };
    case 'via': {
      const hops = destination.hops.map((hop) => ({
        gateway: option.addressOf(hop.gateway),
        ...(hop.interface === undefined ? {} : { device: hop.interface }),
        weight: hop.weight === undefined ? 1 : weightOf(hop.weight, option),
      }));
      const [first] = hops;
      if (hops.length > 1 || first === undefined) return { ...common, type: 'multipath', gateways: hops };
      const { weight: _, ...only } = first;
      return { ...common, type: 'via', ...only };
    }
    default:
      return { ...common, type: destination.type };
  }
}

const HEAVIEST = 256;

function weightOf(term: Term, option: OptionReader): number {
  const weight = option.numberOf(term);
  return weight >= 1 && weight <= HEAVIEST ? weight : fail(term.end, 'Weight must be in range 1-256');
}

/** Whether every option of the language has a meaning is for a test to see. */
export function hasMeaning(kind: ProtocolKind, name: string): boolean {
  const ofChannel = (CHANNEL_OPTIONS[kind] ?? ROUTE_OPTIONS)[name];
  return ownHandler(kind, name) !== undefined || ofChannel !== undefined || familyOfChannel(name) !== undefined;
}
