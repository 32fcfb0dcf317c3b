import { describe, expect, it } from 'vitest';
import type { ReflectorLimits } from '../datastore/resources/types.ts';
import { ExternalPeer } from './external-peer.fixture.ts';
import { Lab, MINUTE, reflector, SECOND } from './simulation.fixture.ts';

const RR = '10.9.0.1';
const SENDER = '10.9.0.11';
const OTHER = '10.9.0.12';

const prefixes = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `10.65.${from + i}.0/24`);

const spec = (limits: ReflectorLimits | undefined, of: string) => ({
  routerId: RR,
  asNumber: 64512,
  listenAddresses: [RR],
  peers: [SENDER, OTHER].map((address, i) => ({
    address,
    name: ['sender', 'other'][i],
    ...(address === of && limits !== undefined ? { limits } : {}),
  })),
});

/** A reflector with two clients, of whom one has limits. */
function lab(limits: ReflectorLimits | undefined, of = SENDER) {
  const made = new Lab(reflector('rr', spec(limits, of)));
  const [sender, other] = [SENDER, OTHER].map(
    (address, i) => new ExternalPeer(made, address, { towards: RR, localAs: 64512, bgpIdentifier: 0x0a090010 + i }),
  ) as [ExternalPeer, ExternalPeer];
  made.start();
  made.runUntil(() => sender.isUp && other.isUp, 10 * SECOND);
  made.run(SECOND);
  const router = made.router('rr');
  const facts = () => router.factsOf('routeLimitExceeded').map(({ peer, text, action }) => ({ peer, text, action }));
  const change = (now: ReflectorLimits | undefined) => made.apply(reflector('rr', spec(now, of)));
  return { lab: made, router, sender, other, facts, change };
}

describe('a limit of what a peer sends', () => {
  it.each([
    ['receive', 'more than 3 IPv4 routes received'],
    ['import', 'more than 3 IPv4 routes imported'],
  ] as const)('(%s) that only warns says so once, and again when it was kept in between', (kind, text) => {
    const { lab: world, router, sender, other, facts } = lab({ [kind]: { count: 3, action: 'warn' } });
    sender.announce(prefixes(3));
    world.run(SECOND);
    expect(facts()).toEqual([]);
    sender.announce(prefixes(2, 3));
    sender.announce(prefixes(2, 5));
    world.run(SECOND);
    expect(facts()).toEqual([{ peer: 'sender', text, action: 'warn' }]);
    expect(other.table.size).toBe(7);
    const limit = { count: 3, action: 'warn' };
    expect(router.peer('sender').limits).toEqual([{ kind, family: 'ipv4', limit, count: 7, isExceeded: true }]);
    sender.withdraw(prefixes(5));
    world.run(SECOND);
    expect(router.peer('sender').limits).toEqual([{ kind, family: 'ipv4', limit, count: 2, isExceeded: false }]);
    sender.announce(prefixes(4));
    world.run(SECOND);
    expect(facts()).toHaveLength(2);
  });

  it.each(['receive', 'import'] as const)(
    '(%s) that blocks leaves out what is beyond it, and lets what is in change',
    (kind) => {
      const { lab: world, router, sender, other, facts } = lab({ [kind]: { count: 3, action: 'block' } });
      sender.announce(prefixes(5));
      world.run(SECOND);
      expect(other.prefixes()).toEqual(prefixes(3));
      expect(facts().map(({ action }) => action)).toEqual(['block']);
      const { received, accepted } = router.peer('sender').counters;
      expect([received, accepted]).toEqual(kind === 'receive' ? [3, 3] : [5, 3]);
      sender.announce(prefixes(3), { med: 7 });
      sender.withdraw(prefixes(1));
      sender.announce(prefixes(1, 9));
      sender.announce(prefixes(1, 8));
      world.run(SECOND);
      expect(other.prefixes()).toEqual([...prefixes(2, 1), '10.65.9.0/24']);
      expect(other.table.get('10.65.1.0/24')?.med).toBe(7);
      expect(sender.established).toBe(1);
    },
  );

  it('lets in what was left out when the limit is raised, without a new session', () => {
    const { lab: world, sender, other, change } = lab({ import: { count: 3, action: 'block' } });
    sender.announce(prefixes(5));
    world.run(SECOND);
    change({ import: { count: 4, action: 'block' } });
    world.run(SECOND);
    expect(other.prefixes()).toHaveLength(4);
    change(undefined);
    world.run(SECOND);
    expect([other.prefixes(), sender.established]).toEqual([prefixes(5), 1]);
  });

  it('counts at once when it is lowered', () => {
    const { lab: world, router, sender, facts, change } = lab({ import: { count: 10, action: 'block' } });
    sender.announce(prefixes(5));
    world.run(SECOND);
    change({ import: { count: 4, action: 'block' } });
    world.run(SECOND);
    expect([facts().length, router.peer('sender').counters.accepted]).toEqual([1, 5]);
    change({ import: { count: 4, action: 'restart' } });
    world.run(SECOND);
    expect([sender.isUp, sender.notifications.map(({ subcode }) => subcode)]).toEqual([false, [1]]);
  });

  it('asks for what was not received when the limit is raised', () => {
    const { lab: world, sender, change } = lab({ receive: { count: 3, action: 'block' } });
    sender.announce(prefixes(5));
    world.run(SECOND);
    change({ receive: { count: 4, action: 'block' } });
    world.run(SECOND);
    expect(sender.refreshes).toEqual([{ type: 'routeRefresh', afi: 1, safi: 1, subtype: 0 }]);
  });

  it('that restarts closes the session with Cease/1 and its data, and opens it again after a time (RFC 4486 4)', () => {
    const limit = { count: 3, action: 'restart', restartTime: 30 } as const;
    const { lab: world, router, sender, other } = lab({ receive: limit });
    sender.announce(prefixes(4));
    world.run(SECOND);
    const closedAt = world.now;
    expect(sender.notifications).toEqual([
      { type: 'notification', code: 6, subcode: 1, data: Uint8Array.of(0, 1, 1, 0, 0, 0, 3) },
    ]);
    expect(other.table.size).toBe(0);
    const { state, lastError, retryAt } = router.peer('sender');
    expect([state, lastError?.text, lastError?.code, lastError?.subcode]).toEqual([
      'Idle',
      'sent Cease/Maximum Number of Prefixes Reached: ipv4 limit 3 (more than 3 IPv4 routes received; the session is closed for a while)',
      6,
      1,
    ]);
    expect(retryAt).toBeGreaterThan(closedAt + 28 * SECOND);
    world.run(27 * SECOND);
    expect(sender.established).toBe(1);
    world.run(15 * SECOND);
    expect([sender.established, router.peer('sender').state]).toEqual([2, 'Established']);
  });

  it('that disables closes it until the limit is another one', () => {
    const { lab: world, router, sender, change } = lab({ import: { count: 3, action: 'disable' } });
    sender.announce(prefixes(4));
    world.run(10 * MINUTE);
    const { state, retryAt } = router.peer('sender');
    expect([state, retryAt, sender.established]).toEqual(['Idle', undefined, 1]);
    change({ import: { count: 5, action: 'disable' } });
    world.run(MINUTE);
    expect(sender.established).toBe(2);
    sender.announce(prefixes(4));
    world.run(SECOND);
    expect([sender.isUp, router.peer('sender').counters.accepted]).toEqual([true, 4]);
  });
});

describe('a limit of what a peer is told', () => {
  it('that only warns says so', () => {
    const { lab: world, sender, other, facts } = lab({ export: { count: 3, action: 'warn' } }, OTHER);
    sender.announce(prefixes(5));
    world.run(SECOND);
    expect(facts()).toEqual([{ peer: 'other', text: 'more than 3 IPv4 routes sent', action: 'warn' }]);
    expect(other.table.size).toBe(5);
  });

  it('that blocks holds back what is beyond it, until there is room', () => {
    const { lab: world, router, sender, other, facts } = lab({ export: { count: 3, action: 'block' } }, OTHER);
    other.announce(prefixes(2, 100));
    sender.announce(prefixes(5));
    world.run(SECOND);
    expect([other.table.size, router.peer('other').counters.advertised, facts().length]).toEqual([3, 3, 1]);
    const [first] = other.prefixes();
    sender.withdraw([first!]);
    world.run(SECOND);
    expect([other.table.size, other.table.has(first!)]).toEqual([3, false]);
    sender.withdraw(prefixes(5));
    world.run(SECOND);
    expect(other.prefixes()).toEqual([]);
    sender.announce(prefixes(2));
    world.run(SECOND);
    expect(other.prefixes()).toEqual(prefixes(2));
    expect(other.established).toBe(1);
  });

  it('that disables closes the session, with a text', () => {
    const { lab: world, sender, other } = lab({ export: { count: 3, action: 'disable' } }, OTHER);
    sender.announce(prefixes(5));
    world.run(10 * MINUTE);
    expect(other.isUp).toBe(false);
    const [{ code, subcode, data } = { code: 0, subcode: 0, data: new Uint8Array() }] = other.notifications;
    const text = new TextDecoder().decode(data.slice(1));
    expect([code, subcode, text]).toEqual([
      6,
      2,
      'more than 3 IPv4 routes sent; the session is closed until the limit is another one',
    ]);
  });
});
