import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accept,
  asPathStartsWith,
  dependsOn,
  equalPolicies,
  policy,
  policyKey,
  prefixIn,
  printPolicy,
  reject,
  when,
} from './index.ts';
import { randomPolicy } from './policy.fixture.ts';
import type { Policy } from './types.ts';

type Json = unknown;

/** The same data with every object's fields in the other order, and nothing shared. */
function reversed(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, reversed(field)]),
  );
}

/** Every variant of a value in which exactly one leaf, field or list is another. */
function* variants(value: Json): Generator<Json> {
  if (typeof value === 'string') yield `${value}x`;
  else if (typeof value === 'number') yield value + 1;
  else if (typeof value === 'boolean') yield !value;
  else if (Array.isArray(value)) {
    yield [...value, 'more'];
    for (const [i, member] of value.entries()) {
      yield value.toSpliced(i, 1);
      for (const other of variants(member)) yield value.with(i, other);
    }
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, more: 1 };
    for (const [key, field] of Object.entries(value)) {
      const { [key as never]: _, ...rest } = value;
      yield rest;
      for (const other of variants(field)) yield { ...value, [key]: other };
    }
  }
}

describe('equal policies', () => {
  it('are those with the same data, however they were built', () => {
    fc.assert(
      fc.property(randomPolicy, (subject) => {
        expect(equalPolicies(subject, subject)).toBe(true);
        expect(equalPolicies(subject, reversed(subject) as Policy)).toBe(true);
        expect(equalPolicies(subject, structuredClone(subject))).toBe(true);
        expect(equalPolicies(subject, JSON.parse(JSON.stringify(subject)) as Policy)).toBe(true);
      }),
    );
  });

  it('differ in any field, at any depth', () => {
    fc.assert(
      fc.property(randomPolicy, (subject) => {
        const key = policyKey(subject);
        for (const variant of variants(subject)) expect(policyKey(variant as Policy)).not.toBe(key);
      }),
      { numRuns: 30 },
    );
  });

  it('do not tell a field that is undefined from one that is absent', () => {
    const accepting = when(prefixIn(['10.0.0.0/8']), accept());
    const written = {
      ...policy('test', 'reject', [{ ...accepting, origin: undefined } as never]),
      functions: undefined,
    };
    expect(equalPolicies(written as never, policy('test', 'reject', [accepting]))).toBe(true);
  });
});

describe('a printed policy', () => {
  it('is the same for equal policies and another for different ones', () => {
    fc.assert(
      fc.property(randomPolicy, randomPolicy, (a, b) => {
        expect(printPolicy(a) === printPolicy(structuredClone(a))).toBe(true);
        expect(printPolicy(a) === printPolicy(b)).toBe(equalPolicies(a, b));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what a policy depends on', () => {
  it('is found in conditions, values and functions', () => {
    const subject = policy(
      'test',
      'reject',
      [
        {
          type: 'case',
          of: { type: 'field', name: 'protocol' },
          arms: [
            { items: [], body: [{ type: 'set', attribute: 'metric', value: { type: 'attribute', name: 'med' } }] },
          ],
        },
      ],
      [{ name: 'f', parameters: [], body: [when({ type: 'field', name: 'peerType' }, accept())] }],
    );
    expect([...dependsOn(subject)].sort()).toEqual(['attributes', 'peerType', 'protocol']);
  });

  it('does not include what is only written', () => {
    const subject = policy('test', 'accept', [{ type: 'set', attribute: 'med', value: { type: 'int', value: 1 } }]);
    expect([...dependsOn(subject)]).toEqual([]);
  });

  it('does not include who the peer is where only the kind of peer counts', () => {
    const subject = policy('test', 'accept', [when(asPathStartsWith([65001]), reject())]);
    expect([...dependsOn(subject)].sort()).toEqual(['attributes', 'peerType', 'source']);
  });

  it('includes the path that AS numbers are put in front of', () => {
    const subject = policy('test', 'accept', [{ type: 'prepend', asns: [{ type: 'int', value: 1 }] }]);
    expect(dependsOn(subject)).toContain('attributes');
  });

  it('includes the prefix wherever it is looked at', () => {
    expect(dependsOn(policy('test', 'reject', [when(prefixIn(['10.0.0.0/8']), accept())]))).toContain('prefix');
  });
});

it('does not look at the place where a statement was written', () => {
  const at = (place: string) => policy('p', 'reject', [accept({ place })]);
  expect(equalPolicies(at('bird.conf:1'), at('bird.conf:2'))).toBe(true);
  expect(printPolicy(at('bird.conf:1'))).toContain('accept; # bird.conf:1');
});
