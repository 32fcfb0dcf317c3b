// `show`: what it can show, and the answers that are short.

import { formatRouterId } from 'node-bgp';
import type { Reader } from '../../language/index.ts';
import { DONE, last, type Reply, row } from '../replies.ts';
import type { ControlStatus, ControlTarget, MemoryView, ProtocolEntry, StaticView } from '../types.ts';
import type { Command } from './index.ts';
import { showInterfaces } from './show-interfaces.ts';
import { showProtocols } from './show-protocols.ts';
import { showRoute } from './show-route.ts';
import { showRoa, showSymbols } from './show-symbols.ts';
import { endOf, knownProtocol, PARSE_ERROR, Refusal } from './syntax.ts';
import { timeWriter } from './times.ts';

const SHOWN: Readonly<Record<string, Command>> = {
  status: showStatus,
  protocols: showProtocols,
  interfaces: showInterfaces,
  route: showRoute,
  symbols: showSymbols,
  memory: showMemory,
  static: showStatic,
  bfd: showBfd,
  roa: showRoa,
};

export const showCommand: Command = (reader, context) => {
  const { text } = reader.peek();
  const show = reader.isWord(...Object.keys(SHOWN)) ? SHOWN[text] : undefined;
  if (show === undefined) return reader.unexpected();
  reader.next();
  return show(reader, context);
};

// --- show status

const STATES: Readonly<Record<ControlStatus['state'], string>> = {
  running: 'Daemon is up and running',
  reconfiguring: 'Reconfiguration in progress',
  shuttingDown: 'Shutdown in progress',
};

function showStatus(reader: Reader, { target }: Parameters<Command>[1]): Iterable<Reply> {
  endOf(reader);
  return statusLines(target);
}

function* statusLines(target: ControlTarget): Generator<Reply> {
  const { version, configuration } = target;
  const status = target.status();
  const time = timeWriter(configuration, 'base', status.now);
  const isBird2 = configuration.dialect.bird === 2;
  yield row(1000, `BIRD ${version}`);
  yield row(1011, `Router ID is ${formatRouterId(status.routerId)}`);
  if (isBird2) yield row(1011, `Hostname is ${status.hostname}`);
  yield row(1011, `Current server time is ${time(status.now)}`);
  yield row(1011, `Last reboot on ${time(status.startedAt)}`);
  yield row(1011, `Last reconfiguration on ${time(status.reconfiguredAt)}`);
  const { recovery } = status;
  if (recovery !== undefined) {
    yield row(24, 'Graceful restart recovery in progress');
    yield row(24, `  Waiting for ${recovery.waitingFor} ${isBird2 ? 'channels' : 'protocols'} to recover`);
    yield row(
      24,
      `  Wait timer is ${isBird2 ? recovery.left.toFixed(3) : Math.round(recovery.left)}/${recovery.limit}`,
    );
  }
  yield last(13, STATES[status.state]);
}

// --- show memory

const MEMORY_NAMES: Readonly<Record<MemoryView['name'], readonly [bird1: string, bird2: string]>> = {
  tables: ['Routing tables:', 'Routing tables:'],
  attributes: ['Route attributes:', 'Route attributes:'],
  roa: ['ROA tables:', ''],
  protocols: ['Protocols:', 'Protocols:'],
  configuration: ['', 'Current config:'],
  total: ['Total:', 'Total:'],
};

function showMemory(reader: Reader, { target }: Parameters<Command>[1]): Iterable<Reply> {
  endOf(reader);
  const { bird } = target.configuration.dialect;
  const lines = target.memory().flatMap((each) => {
    const name = MEMORY_NAMES[each.name][bird - 1]!;
    if (name === '') return [];
    if (bird === 1) return [row(1018, `${name.padEnd(17)} ${size(each.effective + each.overhead, 4, 0)}`)];
    const sizes = [each.effective, each.overhead].map((octets) => size(octets, 6, 1));
    return [row(1018, `${name.padEnd(17)} ${sizes.join('   ')}`)];
  });
  const headings =
    bird === 1
      ? [row(1018, 'BIRD memory usage')]
      : [row(1018, 'BIRD memory usage'), row(1018, `${''.padEnd(17)} Effective    Overhead`)];
  return [...headings, ...lines, DONE];
}

const UNITS = [' ', 'k', 'M', 'G'] as const;

function size(octets: number, width: number, decimals: number): string {
  let [value, unit] = [octets, 0];
  for (; value >= 10_000 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${value.toFixed(decimals).padStart(width)} ${UNITS[unit]}B`;
}

// --- show static

function showStatic(reader: Reader, { target }: Parameters<Command>[1]): Iterable<Reply> {
  const named = reader.atEnd ? undefined : knownProtocol(target, reader.symbol().name);
  endOf(reader);
  if (named !== undefined && named.kind !== 'static') {
    throw new Refusal(PARSE_ERROR, `${named.name}: Not a Static protocol`);
  }
  const { bird } = target.configuration.dialect;
  if (bird === 2) return staticLines2(target, named === undefined ? runningOf(target, 'static') : [named]);
  const { name } = named ?? onlyOne(target, 'static', 'Static');
  return staticLines1(target, name);
}

/** The one protocol of its kind that runs. */
function onlyOne(target: ControlTarget, kind: 'static' | 'bfd', word: string): { readonly name: string } {
  const running = runningOf(target, kind);
  if (running.length > 1) throw new Refusal(PARSE_ERROR, `There are multiple ${word} protocols running`);
  if (running[0] === undefined) throw new Refusal(PARSE_ERROR, `There is no ${word} protocol running`);
  return running[0];
}

function runningOf(target: ControlTarget, kind: 'static' | 'bfd'): readonly ProtocolEntry[] {
  const isRunning = ({ name }: ProtocolEntry) => target.protocol(name)?.state !== 'down';
  return target.protocols().filter((each) => each.kind === kind && isRunning(each));
}

/** Next hops stand in lines of their own, and what protocols have apart from each other. */
function* staticLines2(target: ControlTarget, protocols: readonly ProtocolEntry[]): Generator<Reply> {
  for (const [index, { name }] of protocols.entries()) {
    if (index > 0) yield row(1009, '');
    for (const route of target.statics(name)) {
      const dormant = route.isDormant ? ' (dormant)' : '';
      const { destination } = route;
      const text = staticDestination(route);
      const isPlain = text === destination.type || destination.type === 'recursive';
      yield row(1009, isPlain ? `${route.prefix}\t${text}${dormant}` : route.prefix);
      if (!isPlain) yield row(1009, `\t${text}${dormant}`);
      if (destination.type !== 'multipath') continue;
      for (const { gateway, weight } of destination.hops) yield row(1009, `\tvia ${gateway} weight ${weight}`);
    }
  }
  yield DONE;
}

function* staticLines1(target: ControlTarget, name: string): Generator<Reply> {
  const routes = target.statics(name);
  const isDevice = ({ destination }: StaticView) => destination.type === 'dev';
  for (const route of [...routes.filter((each) => !isDevice(each)), ...routes.filter(isDevice)]) {
    const dormant = route.isDormant ? ' (dormant)' : '';
    yield row(1009, `${route.prefix} ${staticDestination(route)}${dormant}`);
    if (route.destination.type !== 'multipath') continue;
    for (const { gateway, weight } of route.destination.hops) yield row(1009, `\tvia ${gateway} weight ${weight}`);
  }
  yield DONE;
}

function staticDestination({ destination }: StaticView): string {
  switch (destination.type) {
    case 'gateway':
    case 'via':
      return `via ${destination.gateway}`;
    case 'recursive':
      return `recursive ${destination.gateway}`;
    case 'dev':
      return `dev ${destination.device}`;
    default:
      return destination.type;
  }
}

// --- show bfd sessions

function showBfd(reader: Reader, { target }: Parameters<Command>[1]): Iterable<Reply> {
  reader.word('sessions');
  const named = reader.atEnd ? undefined : knownProtocol(target, reader.symbol().name);
  endOf(reader);
  if (named !== undefined && named.kind !== 'bfd') throw new Refusal(PARSE_ERROR, `${named.name}: Not a BFD protocol`);
  const { name } = named ?? onlyOne(target, 'bfd', 'BFD');
  return bfdLines(target, name);
}

function* bfdLines(target: ControlTarget, name: string): Generator<Reply> {
  yield row(1020, `${name}:`);
  if (target.protocol(name)?.state !== 'up') {
    yield last(0);
    return;
  }
  const width = target.configuration.dialect.bird === 1 ? 10 : 12;
  const heading = ['IP address'.padEnd(25), 'Interface'.padEnd(10), 'State'.padEnd(10), 'Since'.padEnd(width + 1)];
  yield row(1020, `${heading.join(' ')} Interval  Timeout`);
  const time = timeWriter(target.configuration, 'protocol', target.status().now);
  for (const session of target.bfdSessions()) {
    const cells = [
      session.remote.padEnd(25),
      (session.multihop ? '---' : (session.interface ?? '---')).padEnd(10),
      session.state.padEnd(10),
      time(session.since).padEnd(width),
      (session.transmitInterval / 1000).toFixed(3).padStart(7),
      (session.detectionTime / 1000).toFixed(3).padStart(8),
    ];
    yield row(1020, cells.join(' '));
  }
  yield DONE;
}
