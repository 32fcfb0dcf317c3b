// `show route`: walks the tables and shows what its arguments ask for. Nothing is collected: what has been walked is sent.

import { type Family, familyOf } from 'node-bgp';
import { evaluate } from '../../../src/policy/index.ts';
import type { ProtocolKind } from '../../intent/index.ts';
import type { Reader } from '../../language/index.ts';
import { DONE, last, type Reply, row } from '../replies.ts';
import type { ControlTarget, ExportView, NetworkQuery, NetworkView, Pause, RouteView } from '../types.ts';
import { type ExportMode, type RouteArguments, routeArguments } from './route-arguments.ts';
import { type RouteStyle, routeLines } from './route-text.ts';
import { knownProtocol, PARSE_ERROR, Refusal } from './syntax.ts';
import { timeWriter } from './times.ts';
import type { Answer, CommandContext } from './types.ts';

const COUNT = 14;
const ROUTE = 1007;
const NOT_IN_TABLE = 8001;
const PROTOCOL_DOWN = 8005;

export function showRoute(reader: Reader, { target }: CommandContext): Answer {
  const wanted = routeArguments(reader, target);
  const tables = tablesOf(wanted, target);
  const choose = chooser(wanted, target);
  const isOne = wanted.prefix !== undefined || wanted.longest !== undefined;
  return isOne ? showNetwork(wanted, target, choose, tables) : showTables(wanted, target, choose, tables);
}

interface Table {
  readonly name: string;
  /** Undefined: a table of the configuration that Caracal puts nothing into. */
  readonly family: Family | undefined;
}

function tablesOf(wanted: RouteArguments, target: ControlTarget): readonly Table[] {
  const { dialect, unit } = target.configuration;
  const { table } = wanted;
  const main: readonly Table[] =
    dialect.bird === 1
      ? [{ name: 'master', family: dialect.family }]
      : [
          { name: 'master4', family: 'ipv4' },
          { name: 'master6', family: 'ipv6' },
        ];
  if (table === undefined && dialect.bird === 2)
    return main.filter(({ name, family }) => isMeant(wanted, target, name, family));
  if (table === undefined || table === 'all') return main;
  const known = main.find(({ name }) => name === table);
  if (known !== undefined) return [known];
  return unit.global.find(table) === undefined ? [] : [{ name: table, family: undefined }];
}

/** BIRD 2 looks at no table that what was asked for has nothing to do with. */
function isMeant(wanted: RouteArguments, target: ControlTarget, table: string, family: Family | undefined): boolean {
  const prefix = wanted.prefix ?? wanted.longest ?? wanted.within;
  if (prefix !== undefined && familyOf(prefix) !== family) return false;
  const channel = wanted.export?.channel;
  if (channel !== undefined && channel !== family) return false;
  const name = wanted.export?.protocol ?? wanted.protocol;
  return name === undefined || target.protocol(name)?.channels.some((each) => each.table === table) === true;
}

/** What is shown of a network. */
type Chooser = (network: NetworkView) => readonly RouteView[];

function chooser(wanted: RouteArguments, target: ControlTarget): Chooser {
  const passes = ({ filter }: RouteArguments, route: RouteView) =>
    filter === undefined || evaluate(filter, route.policyRoute()).accepted;
  const ofProtocol = (route: RouteView) => wanted.protocol === undefined || route.protocol === wanted.protocol;
  const isBird1 = target.configuration.dialect.bird === 1;
  if (wanted.isFiltered && (wanted.isPrimary || wanted.export !== undefined) && !isBird1) {
    throw new Refusal(PARSE_ERROR, 'Incompatible show route options');
  }
  if (wanted.export !== undefined) {
    const { mode, protocol } = wanted.export;
    const exporter = target.exporter(protocol);
    const isExporter = isBird1 || EXPORTERS.includes(knownProtocol(target, protocol).kind);
    if (exporter === undefined || !isExporter) {
      throw isBird1 ? new Refusal(PROTOCOL_DOWN, 'Protocol is down') : new Refusal(PARSE_ERROR, 'No valid tables');
    }
    return (network) =>
      exporter(network)
        .filter((exported) => isShown(exported, mode))
        .map(({ route }) => route)
        .filter((route) => ofProtocol(route) && passes(wanted, route));
  }
  return ({ routes }) => {
    const eligible = wanted.isPrimary ? routes.filter(({ isBest }) => isBest) : routes;
    return eligible.filter(
      (route) => route.isFiltered === wanted.isFiltered && ofProtocol(route) && passes(wanted, route),
    );
  };
}

/** Protocols that BIRD 2 tells anything. */
const EXPORTERS: readonly ProtocolKind[] = ['bgp', 'kernel', 'pipe'];

function isShown({ accepted }: ExportView, mode: ExportMode): boolean {
  return mode === 'preexport' || accepted === (mode === 'export');
}

function styleOf({ isDetailed }: RouteArguments, target: ControlTarget): RouteStyle {
  const { configuration } = target;
  const time = timeWriter(configuration, 'route', target.status().now);
  return { bird: configuration.dialect.bird, isDetailed, time };
}

function* networkLines(network: NetworkView, routes: readonly RouteView[], style: RouteStyle): Generator<Reply> {
  let prefix: string = network.prefix;
  for (const route of routes) {
    yield* routeLines(prefix, route, style);
    // BIRD 2 writes the prefix once as well.
    prefix = '';
  }
}

/** One network, which must be there, even if nothing of it is shown. */
function* showNetwork(
  { prefix, longest, ...wanted }: RouteArguments,
  target: ControlTarget,
  choose: Chooser,
  tables: readonly Table[],
): Generator<Reply> {
  const { bird } = target.configuration.dialect;
  let isFound = false;
  let isFirst = true;
  for (const { name, family } of tables) {
    const about = { ...(prefix === undefined ? {} : { prefix }), ...(longest === undefined ? {} : { longest }) };
    for (const network of family === undefined ? [] : target.networks({ family, ...about })) {
      if (network === 'pause') continue;
      isFound = true;
      const routes = wanted.counts === 'only' ? [] : choose(network);
      if (routes.length > 0 && bird === 2) yield* heading(name, isFirst);
      if (routes.length > 0) isFirst = false;
      yield* networkLines(network, routes, styleOf(wanted, target));
    }
  }
  yield isFound ? DONE : last(NOT_IN_TABLE, bird === 1 ? 'Network not in table' : 'Network not found');
}

function* heading(name: string, isFirst: boolean): Generator<Reply> {
  if (!isFirst) yield row(ROUTE, '');
  yield row(ROUTE, `Table ${name}:`);
}

interface Counts {
  shown: number;
  routes: number;
  networks: number;
}

function* showTables(
  wanted: RouteArguments,
  target: ControlTarget,
  choose: Chooser,
  tables: readonly Table[],
): Generator<Reply | Pause> {
  const { bird } = target.configuration.dialect;
  const total: Counts = { shown: 0, routes: 0, networks: 0 };
  let isFirst = true;
  for (const table of tables) {
    const counts: Counts = { shown: 0, routes: 0, networks: 0 };
    yield* showTable(table, wanted, target, choose, counts, () => {
      const lines = bird === 2 && wanted.counts !== 'only' ? [...heading(table.name, isFirst)] : [];
      isFirst = false;
      return lines;
    });
    if (bird === 2 && wanted.counts !== 'none') yield row(ROUTE, `${countText(counts)} in table ${table.name}`);
    for (const each of ['shown', 'routes', 'networks'] as const) total[each] += counts[each];
  }
  const isTotal = bird === 1 || tables.length > 1;
  if (wanted.counts === 'also' && bird === 2 && isTotal) yield row(ROUTE, '');
  if (wanted.counts === 'none' || !isTotal) yield DONE;
  else yield last(COUNT, bird === 1 ? countText(total) : `Total: ${countText(total)} in ${tables.length} tables`);
}

function* showTable(
  { family }: Table,
  wanted: RouteArguments,
  target: ControlTarget,
  choose: Chooser,
  counts: Counts,
  open: () => readonly Reply[],
): Generator<Reply | Pause> {
  if (family === undefined) return;
  const query: NetworkQuery = { family, ...(wanted.within === undefined ? {} : { within: wanted.within }) };
  const style = styleOf(wanted, target);
  let isOpen = false;
  for (const network of target.networks(query)) {
    if (network === 'pause') {
      yield network;
      continue;
    }
    const routes = choose(network);
    counts.networks++;
    counts.routes += network.routes.filter(({ isFiltered }) => isFiltered === wanted.isFiltered).length;
    counts.shown += routes.length;
    if (routes.length === 0 || wanted.counts === 'only') {
      yield 'pause';
      continue;
    }
    if (!isOpen) yield* open();
    isOpen = true;
    yield* networkLines(network, routes, style);
  }
}

function countText({ shown, routes, networks }: Counts): string {
  return `${shown} of ${routes} routes for ${networks} networks`;
}
