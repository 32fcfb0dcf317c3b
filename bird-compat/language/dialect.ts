// The two languages: that of BIRD 1.6, of which each daemon serves one address family, and that of BIRD 2. Which one a
// configuration is written in shows in what only BIRD 2 has: channels, typed tables, neighbours of a range or a kind.

import type { Family } from 'node-bgp';
import type { Token } from './lexer.ts';

export type Dialect = { readonly bird: 1; readonly family: Family } | { readonly bird: 2 };

const CHANNELS = new Set(['ipv4', 'ipv6']);
const BEHIND_CHANNEL = new Set([';', '{', 'table']);
const KINDS_OF_NEIGHBOR = new Set(['range', 'internal', 'external']);

/** 2 where something can only be BIRD 2, else 1. */
export function detectBird(tokens: readonly Token[]): 1 | 2 {
  let inNeighbor = false;
  for (let i = 0; i < tokens.length; i++) {
    const { type, text } = tokens[i]!;
    if (type === 'operator' && text === ';') inNeighbor = false;
    if (type !== 'name') continue;
    const next = tokens[i + 1]?.text ?? '';
    if (text === 'neighbor') inNeighbor = true;
    else if (inNeighbor && KINDS_OF_NEIGHBOR.has(text)) return 2;
    else if (CHANNELS.has(text) && BEHIND_CHANNEL.has(next) && tokens[i - 1]?.text !== 'advertise') return 2;
    else if ((text === 'roa4' || text === 'roa6') && next === 'table') return 2;
  }
  return 1;
}
