// A syntax tree to a configuration: names are defined in their order, templates are copied, options get their meaning, and
// what does not fit together is refused with BIRD's sentence at BIRD's place.

import type { Address } from 'node-bgp';
import type { RoaEntry } from '../../src/policy/index.ts';
import {
  defineConstant,
  defineFilter,
  defineFunction,
  evaluateTerm,
  newUnit,
  prefixOf,
  type Unit,
} from '../filters/index.ts';
import {
  type Dialect,
  fail,
  type Item,
  type Option,
  type Place,
  type ProtocolItem,
  startOf,
  type Tree,
} from '../language/index.ts';
import { checkBgp } from './bgp-options.ts';
import type { BirdConfiguration, DebugFlags, LogTarget, Protocol, ProtocolKind, TimeStyle } from './configuration.ts';
import { copyDraft, type Draft, newDraft } from './drafts.ts';
import { OptionReader } from './option-reader.ts';
import { applyOption } from './protocol-options.ts';
import { isMain } from './route-options.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

type Settings = Writable<Omit<BirdConfiguration, 'protocols' | 'remarks' | 'file' | 'dialect' | 'unit' | 'logs'>> & {
  logs: LogTarget[];
  /** Of the protocols that follow. */
  debug: DebugFlags;
};

const BGP_PORT = 179;
const GRACEFUL_RESTART_WAIT = 240;

/** Throws BirdError for the mistake that stands first. */
export function compileConfiguration(tree: Tree, dialect: Dialect): BirdConfiguration {
  const compiler = new Compiler(tree, dialect);
  for (const item of tree.items) compiler.add(item);
  if (tree.unfinished !== undefined) compiler.begin(tree.unfinished);
  if (tree.error !== undefined) throw tree.error;
  return compiler.finish();
}

class Compiler {
  readonly #tree: Tree;
  readonly #dialect: Dialect;
  readonly #unit: Unit;
  readonly #settings: Settings;
  readonly #drafts = new Map<string, Draft>();
  readonly #protocols: Draft[] = [];
  readonly #counters = new Map<ProtocolKind, number>();

  constructor(tree: Tree, dialect: Dialect) {
    this.#tree = tree;
    this.#dialect = dialect;
    this.#unit = newUnit(dialect);
    this.#settings = {
      listen: { port: BGP_PORT },
      gracefulRestartWait: GRACEFUL_RESTART_WAIT,
      timeFormats: {},
      logs: [],
      debug: [],
    };
    const tables = dialect.bird === 1 ? (['master'] as const) : (['master4', 'master6'] as const);
    for (const name of tables) {
      const family = name === 'master' ? 'any' : name === 'master4' ? 'ipv4' : 'ipv6';
      this.#unit.global.define(name, { type: 'table', family, isSorted: false }, startOf(tree.file), dialect);
    }
  }

  add(item: Item): void {
    switch (item.type) {
      case 'define':
        defineConstant(item, this.#unit);
        return;
      case 'eval':
        evaluateTerm(item.value, this.#unit);
        return;
      case 'function':
        defineFunction(item, this.#unit);
        return;
      case 'filter':
        defineFilter(item, this.#unit);
        return;
      case 'table':
        this.#defineTable(item);
        return;
      case 'roaTable': {
        const entries = item.records.map((record) => this.#roaEntry(record));
        this.#unit.global.define(item.name, { type: 'roaTable', entries }, item.nameAt, this.#dialect);
        return;
      }
      case 'setting':
        applySetting(this.#settings, item.option, new OptionReader(item.option, this.#unit));
        return;
      case 'protocol':
        this.#addProtocol(item);
    }
  }

  /** BIRD 1.6 lets the main table be named, for instance to say that it is sorted. */
  #defineTable({ name, nameAt, family, isSorted }: Extract<Item, { type: 'table' }>): void {
    if (family === 'roa4' || family === 'roa6' || family === 'other') return;
    if (isMain(name)) this.#unit.global.replace(name, { type: 'table', family, isSorted });
    else this.#unit.global.define(name, { type: 'table', family, isSorted }, nameAt, this.#dialect);
  }

  #roaEntry(record: Extract<Item, { type: 'roaTable' }>['records'][number]): RoaEntry {
    const option: Option = { name: 'roa', arguments: [], at: record.at, end: record.end };
    const reader = new OptionReader(option, this.#unit);
    const prefix = prefixOf(record.prefix, this.#dialect);
    const max = reader.numberOf(record.max);
    return { prefix, max, asn: reader.numberOf(record.asn) };
  }

  // --- protocols

  #addProtocol(item: ProtocolItem): void {
    const draft = this.begin(item);
    if (item.isTemplate) return;
    this.#check(draft, item.end);
    this.#protocols.push(draft);
  }

  /** A protocol with the options that were read; fails for the first of them that is wrong. */
  begin(item: ProtocolItem): Draft {
    const kind = item.kind as ProtocolKind;
    const isSecondDevice =
      kind === 'device' && !item.isTemplate && this.#protocols.some((other) => other.kind === kind);
    if (isSecondDevice) fail(item.kindAt, 'Kernel device protocol already defined');
    const name = item.name ?? this.#freeName(kind);
    this.#unit.global.define(name, { type: item.isTemplate ? 'template' : 'protocol' }, item.nameAt, this.#dialect);
    const draft = this.#draftOf(item, kind);
    draft.name = name;
    for (const option of item.options) applyOption(draft, option, new OptionReader(option, this.#unit));
    this.#drafts.set(name, draft);
    return draft;
  }

  #freeName(kind: ProtocolKind): string {
    for (;;) {
      const number = (this.#counters.get(kind) ?? 0) + 1;
      this.#counters.set(kind, number);
      if (this.#unit.global.find(`${kind}${number}`) === undefined) return `${kind}${number}`;
    }
  }

  #draftOf({ from, at }: ProtocolItem, kind: ProtocolKind): Draft {
    if (from === undefined) return { ...newDraft(kind, this.#dialect, at), debug: this.#settings.debug };
    const symbol = this.#unit.global.find(from.name);
    if (symbol === undefined && this.#dialect.bird === 2) fail(from.at, 'syntax error, unexpected CF_SYM_UNDEFINED');
    const template = this.#drafts.get(from.name);
    if (template === undefined) return fail(from.at, 'Template or protocol name expected');
    if (template.kind !== kind) fail(from.at, "Can't copy configuration from a different protocol type");
    return copyDraft(template, at);
  }

  #check(draft: Draft, place: Place): void {
    const { kind, channels } = draft;
    if (draft.inVrf) fail(place, 'Caracal does not do VRFs');
    const isEmpty = this.#dialect.bird === 2 && channels.size === 0;
    if (isEmpty && (kind === 'kernel' || kind === 'static')) fail(place, 'Channel not specified');
    if (isEmpty && kind === 'pipe') fail(place, 'Primary routing table not specified');
    if (kind === 'bgp') checkBgp(draft, { isBird1: this.#dialect.bird === 1, isSorted: this.#isSorted(draft) }, place);
  }

  #isSorted({ channels }: Draft): boolean {
    return [...channels.values()].some(({ table }) => {
      const symbol = this.#unit.global.find(table ?? 'master');
      return symbol?.type === 'table' && symbol.isSorted;
    });
  }

  // --- the whole

  finish(): BirdConfiguration {
    const { file } = this.#tree;
    if (this.#protocols.length === 0) fail(startOf(file), 'No protocol is specified in the config file');
    this.#checkKernels();
    for (const { kind, channels, peerTable } of this.#protocols)
      if (kind === 'pipe') this.#checkPipe(channels, peerTable);
    if (this.#settings.routerId === undefined && this.#dialect.bird === 1 && this.#dialect.family === 'ipv6') {
      fail(startOf(file), 'Router ID must be configured manually on IPv6 routers');
    }
    const { logs, debug: _, ...settings } = this.#settings;
    const rest = { file, dialect: this.#dialect, unit: this.#unit, logs, remarks: this.#unit.remarks };
    return { ...settings, ...rest, protocols: this.#protocols satisfies readonly Protocol[] };
  }

  #checkKernels(): void {
    const attached = new Map<string, string>();
    let scanTime: number | undefined;
    for (const { kind, name, channels, kernel } of this.#protocols) {
      if (kind !== 'kernel') continue;
      if (this.#dialect.bird === 1 && scanTime !== undefined && scanTime !== kernel.scanTime) {
        fail(startOf(this.#tree.file), 'All kernel syncers must use the same table scan interval');
      }
      scanTime = kernel.scanTime;
      for (const [family, { table }] of channels) {
        const key = `${family} ${table}`;
        const first = attached.get(key);
        if (first !== undefined) {
          const shown = table ?? (this.#dialect.bird === 1 ? 'master' : family === 'ipv4' ? 'master4' : 'master6');
          fail(startOf(this.#tree.file), `Kernel syncer (${first}) already attached to table ${shown}`);
        }
        attached.set(key, name);
      }
    }
  }

  #checkPipe(channels: Draft['channels'], peerTable: string | undefined): void {
    const place = startOf(this.#tree.file);
    if (peerTable === undefined) fail(place, 'Name of peer routing table not specified');
    const [channel] = channels.values();
    const table = channel?.table;
    const isSame = table === peerTable || (table === undefined && isMain(peerTable));
    if (isSame) fail(place, 'Primary table and peer table must be different');
  }
}

type SettingHandler = (settings: Settings, option: OptionReader) => void;

const nothing: SettingHandler = () => {};

const timeFormat =
  (what: 'route' | 'protocol' | 'base' | 'log'): SettingHandler =>
  (settings, option) => {
    const word = option.word();
    const style = word === undefined ? { format: option.text() } : (word as TimeStyle);
    settings.timeFormats = { ...settings.timeFormats, [what]: style };
  };

const refuseMrt: SettingHandler = (_, option) => {
  if (option.argument(0, 'flags')?.flags !== 'off') option.fail('Caracal does not do MRT dumps (mrtdump)');
};

const SETTINGS: Readonly<Record<string, SettingHandler>> = {
  'router id': (settings, option) => {
    settings.routerId = option.identifier();
  },
  'router id from': (settings, option) => {
    settings.routerIdFrom = option.patterns();
  },
  'listen bgp': (settings, option) => {
    let address: Address | undefined;
    let port = BGP_PORT;
    for (const part of option.argument(0, 'endpoint')!.parts) {
      if (part.type === 'address') address = option.addressOf(part.address);
      else if (part.type === 'port') port = option.port(part.port, part.end);
    }
    settings.listen = { ...(address === undefined ? {} : { address }), port };
  },
  hostname: (settings, option) => {
    settings.hostname = option.text();
  },
  'graceful restart wait': (settings, option) => {
    settings.gracefulRestartWait = option.number();
  },
  log: (settings, option) => {
    settings.logs.push({ place: option.option.at, ...logTarget(option), classes: option.flags(1) });
  },
  'debug protocols': (settings, option) => {
    settings.debug = option.flags();
  },
  'debug commands': nothing,
  'debug latency': nothing,
  'debug latency limit': nothing,
  'watchdog warning': nothing,
  'watchdog timeout': nothing,
  mrtdump: refuseMrt,
  'mrtdump protocols': refuseMrt,
  'timeformat route': timeFormat('route'),
  'timeformat protocol': timeFormat('protocol'),
  'timeformat base': timeFormat('base'),
  'timeformat log': timeFormat('log'),
};

function logTarget(option: OptionReader): Omit<LogTarget, 'classes' | 'place'> & { place?: Place } {
  const log = option.argument(0, 'log')!;
  switch (log.target) {
    case 'stderr':
      return { type: 'stderr' };
    case 'syslog':
      return { type: 'syslog', ...(log.name === undefined ? {} : { name: log.name }) };
    case 'file': {
      const { size, backup } = log;
      const rotation = size === undefined ? {} : { rotation: { size, ...(backup === undefined ? {} : { backup }) } };
      return { type: 'file', path: option.textOf(log.path), place: log.path.at, ...rotation };
    }
  }
}

function applySetting(settings: Settings, { name }: Option, reader: OptionReader): void {
  SETTINGS[name]!(settings, reader);
}

export function hasSetting(name: string): boolean {
  return Object.hasOwn(SETTINGS, name);
}
