// Which inputs a policy looks at, found in its text. A routing table may reuse an answer for routes that agree in all of them
// (and in attributes, preference and metric, which the result hands through).

import { attributeRow } from './attributes.ts';
import { FIELDS } from './fields.ts';
import type { Policy, PolicyInput } from './types.ts';

const CACHE = new WeakMap<Policy, ReadonlySet<PolicyInput>>();

export function dependsOn(policy: Policy): ReadonlySet<PolicyInput> {
  let inputs = CACHE.get(policy);
  if (inputs === undefined) {
    const found = new Set<PolicyInput>();
    collect([policy.body, policy.functions ?? []], policy.dialect, found);
    inputs = found;
    CACHE.set(policy, inputs);
  }
  return inputs;
}

/** Every statement and expression is an object of this shape somewhere below the policy. */
interface Node {
  readonly type?: string;
  readonly name?: string;
  readonly attribute?: string;
  readonly prefix?: unknown;
  readonly asn?: unknown;
}

function collect(part: unknown, dialect: Policy['dialect'], found: Set<PolicyInput>): void {
  if (typeof part !== 'object' || part === null) return;
  for (const input of readsOf(part as Node, dialect)) found.add(input);
  for (const child of Object.values(part)) collect(child, dialect, found);
}

function readsOf(node: Node, dialect: Policy['dialect']): readonly PolicyInput[] {
  switch (node.type) {
    case 'field':
      return node.name === 'net' ? ['prefix', 'family'] : FIELDS[node.name as keyof typeof FIELDS].reads;
    case 'attribute':
      return attributeRow(node.name as 'med', dialect).reads;
    // These change what was there before, so what was there counts.
    case 'change':
      return attributeRow(node.attribute as 'med', dialect).reads;
    case 'prepend':
      return attributeRow('asPath', dialect).reads;
    case 'roaCheck':
      return [
        ...(node.prefix === undefined ? (['prefix', 'family'] as const) : []),
        ...(node.asn === undefined ? attributeRow('asPath', dialect).reads : []),
      ];
    default:
      return [];
  }
}
