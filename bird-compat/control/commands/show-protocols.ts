// `show protocols`: a row for each, and with `all` what it does with routes. What sessions say is in bgp-text.ts.

import { formatRouterId } from 'node-bgp';
import type { Reader } from '../../language/index.ts';
import { DONE, type Reply, row } from '../replies.ts';
import type { ChangeCounts, ChannelView, ControlTarget, ProtocolEntry, ProtocolView } from '../types.ts';
import { bgpLines, infoText } from './bgp-text.ts';
import { endOf, type Selection, selected } from './syntax.ts';
import { timeWriter } from './times.ts';
import type { Answer, CommandContext } from './types.ts';

const HEADING = 2002;
const ROW = 1002;
const DETAIL = 1006;

const HEADINGS = {
  1: 'name     proto    table    state  since       info',
  2: 'Name       Proto      Table      State  Since         Info',
} as const;

/** Widths of name, kind, table, state, since. */
const WIDTHS = { 1: [8, 8, 8, 5, 10], 2: [10, 10, 10, 6, 12] } as const;

const KINDS = {
  bgp: 'BGP',
  kernel: 'Kernel',
  device: 'Device',
  direct: 'Direct',
  static: 'Static',
  pipe: 'Pipe',
  bfd: 'BFD',
} as const;

export function showProtocols(reader: Reader, { target }: CommandContext): Answer {
  const isDetailed = reader.acceptWord('all');
  const which = protocolSelection(reader);
  endOf(reader);
  return protocolLines(selected(target, which), target, isDetailed);
}

/** Here nothing means all. */
function protocolSelection(reader: Reader): Selection {
  if (reader.atEnd) return { type: 'all' };
  if (reader.peek().type === 'string') return { type: 'pattern', pattern: reader.string() };
  return { type: 'name', name: reader.symbol().name };
}

function* protocolLines(
  entries: readonly ProtocolEntry[],
  target: ControlTarget,
  isDetailed: boolean,
): Generator<Reply> {
  const { configuration } = target;
  const { bird } = configuration.dialect;
  const time = timeWriter(configuration, 'protocol', target.status().now);
  yield row(HEADING, HEADINGS[bird]);
  for (const { name } of entries) {
    const protocol = target.protocol(name);
    if (protocol === undefined) continue;
    yield row(ROW, rowText(protocol, bird, time));
    if (!isDetailed) continue;
    for (const line of bird === 1 ? detailsOf1(protocol) : detailsOf2(protocol)) yield row(DETAIL, line);
    yield row(DETAIL, '');
  }
  yield DONE;
}

function rowText(protocol: ProtocolView, bird: 1 | 2, time: (at: number) => string): string {
  const [name, kind, table, state, since] = WIDTHS[bird];
  const cells = [
    protocol.name.padEnd(name),
    KINDS[protocol.kind].padEnd(kind),
    tableText(protocol, bird).padEnd(table),
    protocol.state.padEnd(state),
    '',
  ];
  return `${cells.join(' ')}${bird === 1 ? ' ' : ''}${time(protocol.since).padEnd(since)}  ${infoOf(protocol, bird)}`;
}

/** BIRD 2 names no table where a protocol can have several. */
function tableText({ kind, channels }: ProtocolView, bird: 1 | 2): string {
  if (bird === 1) return channels[0]?.table ?? 'master';
  const isSingle = kind === 'kernel' || kind === 'static';
  return isSingle ? (channels[0]?.table ?? '---') : '---';
}

function infoOf(protocol: ProtocolView, bird: 1 | 2): string {
  if (protocol.bgp !== undefined) return infoText(protocol.bgp, protocol.state);
  const { peerTable, channels } = protocol;
  if (peerTable === undefined) return '';
  return bird === 1 ? `=> ${peerTable}` : `${channels[0]?.table ?? '---'} <=> ${peerTable}`;
}

/** `  Description:    text`; in a channel of BIRD 2 all is deeper by two. */
function field(name: string, value: string, depth = 0, width = 16): string {
  return `${' '.repeat(2 + 2 * depth)}${`${name}:`.padEnd(width)}${value}`;
}

function* detailsOf1(protocol: ProtocolView): Generator<string> {
  yield* common(protocol);
  const [channel] = protocol.channels;
  if (channel !== undefined) {
    yield* channelLines(channel, protocol, 0);
  }
  if (protocol.bgp !== undefined) yield* bgpLines(protocol.bgp, protocol, 1);
}

function* detailsOf2(protocol: ProtocolView): Generator<string> {
  yield* common(protocol);
  if (protocol.bgp !== undefined) yield* bgpLines(protocol.bgp, protocol, 2);
  for (const known of protocol.channels) {
    const { routes: _, changes: __, ...rest } = known;
    const channel: ChannelView = known.state === 'UP' ? known : rest;
    yield `  Channel ${channel.family}`;
    yield field('State', channel.state, 1);
    yield field('Table', channel.table, 1);
    yield* channelLines(channel, protocol, 1);
    if (channel.nextHop !== undefined) yield field('BGP Next hop', channel.nextHop, 1);
    if (channel.igpTable !== undefined)
      yield `    IGP ${channel.family === 'ipv4' ? 'IPv4' : 'IPv6'} table: ${channel.igpTable}`;
  }
}

function* common({ description, message, routerId }: ProtocolView): Generator<string> {
  if (description !== '') yield field('Description', description);
  if (message !== undefined) yield field('Message', message);
  if (routerId !== undefined) yield field('Router ID', formatRouterId(routerId));
}

function* channelLines(channel: ChannelView, protocol: ProtocolView, depth: number): Generator<string> {
  const { preference, importFilter, exportFilter, limits, routes, changes } = channel;
  yield field('Preference', String(preference), depth);
  yield field('Input filter', importFilter, depth);
  yield field('Output filter', exportFilter, depth);
  if (protocol.recovery !== undefined) yield field('GR recovery', recoveryText(protocol.recovery), depth);
  const order = ['receive', 'import', 'export'] as const;
  for (const limit of order.flatMap((which) => limits.filter((each) => each.which === which))) {
    const name = `${limit.which[0]!.toUpperCase()}${limit.which.slice(1)} limit`;
    yield field(name, `${limit.count}${limit.isHit ? ' [HIT]' : ''}`, depth);
    yield field('Action', limit.action, depth + 1, 14);
  }
  if (routes !== undefined) yield field('Routes', routesText(routes, protocol.kind === 'pipe'), depth);
  if (changes !== undefined) yield* changeLines(changes, depth);
}

/** A word each, with the blank that is before it. */
function recoveryText(recovery: NonNullable<ProtocolView['recovery']>): string {
  return recovery.join(' ');
}

function routesText(routes: NonNullable<ChannelView['routes']>, isPipe: boolean): string {
  const { imported, filtered, exported, preferred } = routes;
  const hidden = filtered === undefined ? '' : `${filtered} filtered, `;
  const best = isPipe ? '' : `, ${preferred} preferred`;
  return `${imported} imported, ${hidden}${exported} exported${best}`;
}

type Column = keyof ChangeCounts;

const COLUMNS: readonly Column[] = ['received', 'rejected', 'filtered', 'ignored', 'accepted'];

/** Columns that can count nothing. */
const CHANGES: readonly (readonly [
  name: string,
  which: keyof NonNullable<ChannelView['changes']>,
  never: readonly Column[],
])[] = [
  ['Import updates', 'importUpdates', []],
  ['Import withdraws', 'importWithdraws', ['filtered']],
  ['Export updates', 'exportUpdates', ['ignored']],
  ['Export withdraws', 'exportWithdraws', ['rejected', 'filtered', 'ignored']],
];

function* changeLines(changes: NonNullable<ChannelView['changes']>, depth: number): Generator<string> {
  const indent = ' '.repeat(2 + 2 * depth);
  const width = 24 + 2 * depth;
  yield `${`${indent}Route change stats:`.padEnd(width)}${COLUMNS.map((column) => column.padStart(10)).join(' ')}`;
  for (const [name, which, never] of CHANGES) {
    const cells = COLUMNS.map((column) =>
      (never.includes(column) ? '---' : String(changes[which][column])).padStart(10),
    );
    yield `${`${indent}  ${name}:`.padEnd(width)}${cells.join(' ')}`;
  }
}
