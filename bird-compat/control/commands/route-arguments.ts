// The arguments of `show route`, in any order.

import type { Address, Family, Prefix } from 'node-bgp';
import type { Policy } from '../../../src/policy/index.ts';
import { compileFilterSpec, prefixOf } from '../../filters/index.ts';
import { filterSpec, isPrefix, prefixLiteral, type Reader } from '../../language/index.ts';
import type { CommandConfiguration, ControlTarget } from '../types.ts';
import { endOf, knownProtocol, PARSE_ERROR, Refusal, UNDEFINED } from './syntax.ts';

export type ExportMode = 'export' | 'preexport' | 'noexport';

export interface RouteArguments {
  readonly prefix?: Prefix;
  readonly longest?: Address | Prefix;
  readonly within?: Prefix;
  /** Absent: the usual ones. */
  readonly table?: string;
  readonly filter?: Policy;
  readonly isDetailed: boolean;
  readonly isPrimary: boolean;
  readonly isFiltered: boolean;
  readonly export?: { readonly mode: ExportMode; readonly protocol: string; readonly channel?: Family };
  readonly protocol?: string;
  readonly counts: 'none' | 'also' | 'only';
}

type Draft = { -readonly [K in keyof RouteArguments]: RouteArguments[K] };

const MODES = ['export', 'preexport', 'noexport'] as const;

export function routeArguments(reader: Reader, target: ControlTarget): RouteArguments {
  const draft: Draft = { isDetailed: false, isPrimary: false, isFiltered: false, counts: 'none' };
  while (!reader.atEnd) oneArgument(reader, target, draft);
  endOf(reader);
  return draft;
}

function oneArgument(reader: Reader, target: ControlTarget, draft: Draft): void {
  const { configuration } = target;
  if (reader.isAddress()) {
    onlyOnePrefix(draft);
    if (isPrefix(reader)) draft.prefix = prefix(reader, configuration);
    else draft.longest = reader.next().text;
  } else if (reader.isWord('where', 'filter')) {
    if (draft.filter !== undefined) throw new Refusal(PARSE_ERROR, 'Filter specified twice');
    draft.filter = commandFilter(reader, configuration);
  } else if (reader.acceptWord('for')) {
    onlyOnePrefix(draft);
    draft.longest = isPrefix(reader) ? prefix(reader, configuration) : address(reader);
  } else if (reader.dialect.bird === 2 && reader.acceptWord('in')) {
    onlyOnePrefix(draft);
    draft.within = prefix(reader, configuration);
  } else if (reader.acceptWord('table')) {
    draft.table = tableName(reader, configuration);
  } else if (reader.isWord(...MODES)) {
    draft.export = exportArgument(reader, target, draft);
  } else if (reader.acceptWord('protocol')) {
    if (draft.protocol !== undefined) throw new Refusal(PARSE_ERROR, 'Protocol specified twice');
    draft.protocol = knownProtocol(target, reader.symbol().name).name;
  } else {
    switchOn(reader, draft);
  }
}

function switchOn(reader: Reader, draft: Draft): void {
  switch (reader.word('all', 'primary', 'filtered', 'stats', 'count')) {
    case 'all':
      draft.isDetailed = true;
      return;
    case 'primary':
      draft.isPrimary = true;
      return;
    case 'filtered':
      draft.isFiltered = true;
      return;
    case 'stats':
      draft.counts = 'also';
      return;
    case 'count':
      draft.counts = 'only';
  }
}

function onlyOnePrefix({ prefix: exact, longest, within }: Draft): void {
  if (exact !== undefined || longest !== undefined || within !== undefined) {
    throw new Refusal(PARSE_ERROR, 'Only one prefix expected');
  }
}

function prefix(reader: Reader, { dialect }: CommandConfiguration): Prefix {
  return prefixOf(prefixLiteral(reader), dialect);
}

function address(reader: Reader): Address {
  return reader.isAddress() ? reader.next().text : reader.unexpected();
}

/** A policy that is forgotten with the command. */
function commandFilter(reader: Reader, { unit }: CommandConfiguration): Policy {
  return compileFilterSpec(filterSpec(reader), { ...unit, remarks: [], intern: (policy) => policy });
}

/** `all` of BIRD 2, and the main table, are as if nothing was said. */
function tableName(reader: Reader, { unit }: CommandConfiguration): string {
  if (reader.dialect.bird === 2 && reader.acceptWord('all')) return 'all';
  const { name } = reader.symbol();
  const isMain = reader.dialect.bird === 1 ? name === 'master' : name === 'master4' || name === 'master6';
  if (isMain || unit.global.find(name)?.type === 'table') return name;
  const isBird1 = reader.dialect.bird === 1;
  throw new Refusal(PARSE_ERROR, isBird1 ? `${name} is not a table` : `${UNDEFINED}, expecting CF_SYM_KNOWN or ALL`);
}

function exportArgument(reader: Reader, target: ControlTarget, draft: Draft): NonNullable<Draft['export']> {
  if (draft.export !== undefined) throw new Refusal(PARSE_ERROR, 'Export specified twice');
  const mode = reader.word(...MODES) as ExportMode;
  const { name } = knownProtocol(target, reader.symbol().name);
  if (reader.dialect.bird === 1 || !reader.acceptOperator('.')) return { mode, protocol: name };
  return { mode, protocol: name, channel: reader.word('ipv4', 'ipv6') as Family };
}
