import type { Asn, Attributes, Role } from 'node-bgp';
import { describe, expect, test } from 'vitest';
import { isLeak, markReceived, maySend, sentMark } from './roles.ts';

const plain: Attributes = { origin: 0, asPath: [{ type: 'sequence', asns: [65001] }] };
const markedBy = (onlyToCustomer: Asn): Attributes => ({ ...plain, onlyToCustomer });

const OURS = 64512;
const THEIRS = 65001;
const OTHER = 65009;

describe('a route that comes in (RFC 9234 5)', () => {
  test.each<[Role, Asn | undefined, boolean, Asn | undefined]>([
    ['provider', undefined, false, undefined],
    ['provider', OTHER, true, OTHER],
    ['provider', THEIRS, true, THEIRS],
    ['routeServer', undefined, false, undefined],
    ['routeServer', THEIRS, true, THEIRS],
    ['peer', undefined, false, THEIRS],
    ['peer', THEIRS, false, THEIRS],
    ['peer', OTHER, true, OTHER],
    ['customer', undefined, false, THEIRS],
    ['customer', OTHER, false, OTHER],
    ['routeServerClient', undefined, false, THEIRS],
    ['routeServerClient', OTHER, false, OTHER],
  ])('to our role %s with the mark of %s: a leak? %s, then marked by %s', (role, mark, leak, after) => {
    const attributes = mark === undefined ? plain : markedBy(mark);
    expect([isLeak(attributes, role, THEIRS), markReceived(attributes, role, THEIRS).onlyToCustomer]).toEqual([
      leak,
      after,
    ]);
  });
});

describe('a route that is sent (RFC 9234 5)', () => {
  test.each<[Role, boolean, Asn | undefined]>([
    ['provider', true, OURS],
    ['routeServer', true, OURS],
    ['peer', false, OURS],
    ['customer', false, undefined],
    ['routeServerClient', false, undefined],
  ])('from our role %s: also with a mark? %s; without one it gets %s', (role, marked, added) => {
    expect([maySend(plain, role), maySend(markedBy(OTHER), role)]).toEqual([true, marked]);
    expect([sentMark(plain, role, OURS), sentMark(markedBy(OTHER), role, OURS)]).toEqual([added, OTHER]);
  });
});
