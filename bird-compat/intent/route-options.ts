// Options of channels: filters, limits, tables; of BGP channels also next hops and additional paths.

import type { RouteLimit } from '../../src/intent/types.ts';
import { fail } from '../language/index.ts';
import type { ChannelDraft } from './drafts.ts';
import type { OptionReader } from './option-reader.ts';
import { ignored, refused, silent } from './treatments.ts';

export type ChannelHandler = (channel: ChannelDraft, option: OptionReader) => void;

const HIGHEST_PREFERENCE = 0xffff;

export const ROUTE_OPTIONS: Readonly<Record<string, ChannelHandler>> = {
  preference: (channel, option) => {
    channel.preference = option.boundedNumber(0, 0, HIGHEST_PREFERENCE, 'Invalid preference');
  },
  import: (channel, option) => {
    channel.importPolicy = option.policy();
    channel.hasImport = true;
  },
  export: (channel, option) => {
    channel.exportPolicy = option.policy();
    channel.hasExport = true;
  },
  'receive limit': (channel, option) => setLimit(channel, 'receive', option),
  'import limit': (channel, option) => setLimit(channel, 'import', option),
  'export limit': (channel, option) => setLimit(channel, 'export', option),
  'import keep filtered': (channel, option) => {
    channel.keepFiltered = option.flag();
  },
  table: (channel, option) => {
    const { name, at } = option.argument(0, 'symbol')!;
    const symbol = option.unit.global.find(name);
    if (symbol === undefined && option.unit.dialect.bird === 2) fail(at, 'syntax error, unexpected CF_SYM_UNDEFINED');
    if (symbol?.type !== 'table') fail(at, 'Table name expected');
    if (isMain(name)) delete channel.table;
    else channel.table = name;
  },
};

const MAIN_TABLES = new Set(['master', 'master4', 'master6']);

export function isMain(table: string): boolean {
  return MAIN_TABLES.has(table);
}

function setLimit(channel: ChannelDraft, which: 'receive' | 'import' | 'export', option: OptionReader): void {
  const { limit, action = 'disable' } = option.argument(0, 'limit')!;
  const { [which]: _, ...others } = channel.limits;
  if (limit === 'off') channel.limits = others;
  else {
    const count = option.numberOf(limit);
    channel.limits = { ...others, [which]: { count, action: action as RouteLimit['action'] } };
  }
}

const onlyMainTable = ignored('next hops are looked up in the main table');

export const BGP_CHANNEL_OPTIONS: Readonly<Record<string, ChannelHandler>> = {
  ...ROUTE_OPTIONS,
  'next hop self': (channel, option) => setNextHop(channel, 'self', option),
  'next hop keep': (channel, option) => setNextHop(channel, 'keep', option),
  'next hop': (channel, option) => {
    channel.nextHop = option.word() as 'self' | 'keep';
  },
  'next hop address': refused('a next hop of your own'),
  'missing lladdr': silent,
  gateway: silent,
  'igp table': onlyMainTable,
  // What peers sent and were sent is kept anyway.
  'import table': silent,
  'export table': silent,
  'add paths': (channel, option) => {
    const word = option.word();
    if (word === undefined) channel.addPath = option.flag() ? 'both' : 'off';
    else channel.addPath = word === 'rx' ? 'receive' : 'send';
  },
  'graceful restart': silent,
  'long lived graceful restart': ignored('what the protocol says counts', true),
  'long lived stale time': ignored('what the protocol says counts'),
  secondary: ignored('the best route is sent, or none'),
  validate: silent,
  mandatory: silent,
  'extended next hop': (channel, option) => {
    channel.extendedNextHop = option.flag();
  },
  aigp: ignored('AIGP is passed on, not used'),
  cost: silent,
  debug: silent,
  'rpki reload': silent,
};

/** BIRD 2 can do it for the routes of one kind of peer only. */
function setNextHop(channel: ChannelDraft, mode: 'self' | 'keep', option: OptionReader): void {
  const kind = option.word();
  if (kind !== undefined) option.fail(`Caracal does not do next hop ${mode} for ${kind} routes alone`);
  if (option.flag()) channel.nextHop = mode;
  else if (channel.nextHop === mode) channel.nextHop = 'auto';
}
