// Values as text, the way `print` of BIRD's filters writes them. Not here: a policy as text (print.ts).

import { type AsPathSegment, familyOf, formatRouterId, maxLength, prefixLength } from 'node-bgp';
import { ENUM_CODES } from './enums.ts';
import type { PrefixRange, Range, SetItem } from './types.ts';
import { type RuntimeValue, runtimeOf } from './values.ts';

export function valueText(value: RuntimeValue): string {
  if (value === undefined) return '(void)';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value !== 'object') return String(value);
  switch (value.type) {
    case 'ip':
    case 'prefix':
      return value.value;
    case 'pair':
      return pairText(value.value);
    case 'quad':
      return formatRouterId(value.value);
    case 'ec':
      return extendedText(value.value);
    case 'lc':
      return `(${value.value.join(', ')})`;
    case 'enum':
      return `(enum ${ENUM_CODES[value.of].toString(16)})${value.value}`;
    case 'path':
      return listText('path', value.value.flatMap(segmentTexts));
    case 'clist':
      return listText('clist', value.value.map(pairText));
    case 'eclist':
      return listText('eclist', value.value.map(extendedText));
    case 'lclist':
      return listText(
        'lclist',
        value.value.map((member) => `(${member.join(', ')})`),
      );
    case 'set':
      return `[${value.items.map(setItemText).join(', ')}]`;
    case 'prefixSet':
      return `[${value.items.map(prefixRangeText).join(', ')}]`;
    case 'pathMask':
      return value.text;
    case 'opaque':
      return '(opaque)';
  }
}

/** The blank behind the kind also stands in an empty list. */
function listText(kind: string, members: readonly string[]): string {
  return `(${kind} ${members.join(' ')})`;
}

function pairText(value: number): string {
  return `(${value >>> 16},${value & 0xffff})`;
}

function segmentTexts(segment: AsPathSegment): string[] {
  if (segment.type === 'sequence') return segment.asns.map(String);
  const members = segment.asns.join(' ');
  if (segment.type === 'set') return [`{${members}}`];
  return [segment.type === 'confedSequence' ? `(${members})` : `({${members}})`];
}

const KINDS: Readonly<Record<number, string>> = { 2: 'rt', 3: 'ro' };

/** RFC 4360 3: the first octet says how the key is written, the second what the community is for. */
function extendedText(hex: string): string {
  const number = (from: number, to: number) => Number.parseInt(hex.slice(from, to), 16);
  const code = number(0, 4) & 0xf0ff;
  const kind = KINDS[code] ?? `unknown 0x${code.toString(16)}`;
  switch (number(0, 2) & 0xbf) {
    case 0:
      return `(${kind}, ${number(4, 8)}, ${number(8, 16)})`;
    case 1:
      return `(${kind}, ${formatRouterId(number(4, 12))}, ${number(12, 16)})`;
    case 2:
      return `(${kind}, ${number(4, 12)}, ${number(12, 16)})`;
    default:
      return `(generic, 0x${hex.slice(0, 8).replace(/^0+(?=.)/, '')}, 0x${hex.slice(8).replace(/^0+(?=.)/, '')})`;
  }
}

export function setItemText(item: SetItem): string {
  switch (item.type) {
    case 'int':
      return rangeText([item.from, item.to]);
    case 'enum':
      return spanText(
        valueText({ type: 'enum', of: item.of, value: item.from }),
        valueText({ type: 'enum', of: item.of, value: item.to }),
      );
    case 'quad':
      return spanText(formatRouterId(item.from), formatRouterId(item.to));
    case 'ip':
      return spanText(item.from, item.to);
    case 'pair':
      return `(${partText(item.first, 0xffff)},${partText(item.second, 0xffff)})`;
    case 'ec':
      return spanText(extendedText(item.from), extendedText(item.to));
    case 'lc': {
      const parts = [item.first, item.second, item.third].map((part) => partText(part, 0xffff_ffff));
      return `(${parts.join(', ')})`;
    }
    case 'value':
      return valueText(runtimeOf(item.value));
  }
}

export function rangeText(range: Range): string {
  return range[0] === range[1] ? String(range[0]) : `${range[0]}..${range[1]}`;
}

function partText(range: Range, limit: number): string {
  return range[0] === 0 && range[1] === limit ? '*' : rangeText(range);
}

function spanText(from: string, to: string): string {
  return from === to ? from : `${from}..${to}`;
}

/** `P` for the prefix alone, `P+` for it and all inside, else `P{min,max}`. */
export function prefixRangeText({ prefix, min, max }: PrefixRange): string {
  const length = prefixLength(prefix);
  const limit = maxLength(familyOf(prefix));
  if (min === length && max === length) return prefix;
  return min === length && max === limit ? `${prefix}+` : `${prefix}{${min},${max}}`;
}
