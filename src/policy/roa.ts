// Route origin validation (RFC 6811 2) against a table that is part of the policy.

import type { Evaluator } from './context.ts';
import { ENUMS } from './enums.ts';
import { fault } from './fault.ts';
import { wordsInside } from './match.ts';
import type { RoaEntry } from './types.ts';
import { describeType, isBoxed, type RuntimeValue, wordsOf } from './values.ts';

export function compileRoaCheck(table: readonly RoaEntry[], prefix: Evaluator, asn: Evaluator): Evaluator {
  const entries = table.map((entry) => ({ ...entry, words: wordsOf(entry.prefix) }));
  return (context): RuntimeValue => {
    const net = prefix(context);
    const origin = asn(context);
    if (!isBoxed(net, 'prefix')) return fault(`roa_check takes prefix, not ${describeType(net)}`);
    if (typeof origin !== 'number') return fault(`roa_check takes int, not ${describeType(origin)}`);
    const words = wordsOf(net.value);
    const covering = entries.filter((entry) => wordsInside(words, entry.words));
    if (covering.length === 0) return ENUMS.ROA_UNKNOWN;
    // AS 0 authorises nobody (RFC 6483 4).
    const valid = covering.some((entry) => entry.asn === origin && origin !== 0 && words.length <= entry.max);
    return valid ? ENUMS.ROA_VALID : ENUMS.ROA_INVALID;
  };
}
