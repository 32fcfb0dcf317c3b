import { describe, expect, test } from 'vitest';
import { InterfaceTable } from './interfaces.ts';
import type { RawLink } from './link-messages.ts';
import type { TunnelWish } from './port.ts';
import type { KernelProblem } from './troubles.ts';
import { Tunnel, type TunnelChange } from './tunnel.ts';

const WISH: TunnelWish = { device: 'tunl0', address: '10.65.0.0', carrier: '192.0.2.1' };
const ETH0 = 2;
const TUNL0 = 7;
const link = (index: number, name: string, more: Partial<RawLink> = {}): RawLink => ({
  index,
  name,
  adminUp: true,
  carrier: true,
  mtu: 1500,
  ...more,
});
const tunl0 = (more: Partial<RawLink> = {}) => link(TUNL0, 'tunl0', { kind: 'ipip', mtu: 1480, ...more });

/** A kernel that does what it is told, as far as links and addresses go. */
class World {
  readonly interfaces = new InterfaceTable(() => {});
  readonly problems: KernelProblem[] = [];
  readonly tunnel = new Tunnel(this.interfaces, (problem) => this.problems.push(problem));
  /** Errno and text that the kernel answers to changes of this type. */
  readonly refusals = new Map<TunnelChange['type'], readonly [string, string]>();
  now = 1_000_000;

  constructor() {
    this.interfaces.setLink(link(ETH0, 'eth0'));
    this.address(ETH0, '192.0.2.1', 24);
  }

  address(index: number, address: string, length = 32): void {
    const prefix = length === 32 ? `${address}/32` : `${address.replace(/\d+$/, '0')}/${length}`;
    this.interfaces.setAddress({ index, address, prefix, secondary: false, scope: 'global' });
  }

  /** Carries out what is wanted until nothing is, and says what that was. */
  settle(): string[] {
    const done: string[] = [];
    for (;;) {
      const change = this.tunnel.next(this.now);
      if (change === undefined) return done;
      const refusal = this.refusals.get(change.type);
      const { index: _, device, type, ...details } = { index: 0, ...change };
      done.push([type, device, ...Object.values(details)].join(' '));
      if (refusal === undefined) this.#carryOut(change);
      this.tunnel.apply(change, refusal && { code: refusal[0], text: refusal[1] }, this.now);
    }
  }

  #carryOut(change: TunnelChange): void {
    if (change.type === 'create') this.interfaces.setLink(tunl0({ adminUp: false, carrier: false }));
    else if (change.type === 'raise') this.interfaces.setLink(tunl0({ mtu: change.mtu }));
    else if (change.type === 'add') this.address(change.index, change.address, change.length);
    else {
      const prefix = `${change.address}/${change.length}`;
      const { index, address } = change;
      this.interfaces.removeAddress({ index, address, prefix, secondary: false, scope: 'global' });
    }
  }
}

describe('the tunnel device', () => {
  test('is made, raised and addressed, and then left in peace', () => {
    const world = new World();
    expect(world.settle()).toEqual([]);
    world.tunnel.set(WISH);
    expect(world.settle()).toEqual(['create tunl0 ipip', 'raise tunl0 1480', 'add tunl0 10.65.0.0 32']);
    expect(world.settle()).toEqual([]);
    expect([world.problems, world.tunnel.nextDeadline()]).toEqual([[], undefined]);
  });

  test.each<[string, (world: World) => void, string[]]>([
    ['is deleted', ({ interfaces }) => interfaces.removeLink(TUNL0), ['create tunl0 ipip', 'raise tunl0 1480', 'add tunl0 10.65.0.0 32']], // biome-ignore format: one line
    ['is set down', ({ interfaces }) => interfaces.setLink(tunl0({ adminUp: false })), ['raise tunl0 1480']],
    ['gets another MTU', ({ interfaces }) => interfaces.setLink(tunl0({ mtu: 1400 })), ['raise tunl0 1480']],
    ['gets an address of others', (world) => world.address(TUNL0, '10.9.9.9'), ['remove tunl0 10.9.9.9 32']],
    ['gets its address with another length', (world) => world.address(TUNL0, '10.65.0.0', 24), ['remove tunl0 10.65.0.0 24']], // biome-ignore format: one line
    ['gets an IPv6 address, which is no concern', (world) => world.address(TUNL0, 'fe80::1', 32), []],
    ['is carried by a link whose MTU changes', ({ interfaces }) => interfaces.setLink(link(ETH0, 'eth0', { mtu: 9000 })), ['raise tunl0 8980']], // biome-ignore format: one line
    ['is carried by a link that goes', ({ interfaces }) => interfaces.removeLink(ETH0), []],
    ['is to have another address', ({ tunnel }) => tunnel.set({ ...WISH, address: '10.65.7.0' }), ['add tunl0 10.65.7.0 32', 'remove tunl0 10.65.0.0 32']], // biome-ignore format: one line
    ['is to have no address in particular', ({ tunnel }) => tunnel.set({ device: 'tunl0', carrier: '192.0.2.1' }), []],
    ['is no longer wanted', ({ tunnel }) => tunnel.set(undefined), []],
  ])('that %s is put right', (_, happen, changes) => {
    const world = new World();
    world.tunnel.set(WISH);
    world.settle();
    happen(world);
    expect(world.settle()).toEqual(changes);
    expect(world.settle()).toEqual([]);
  });

  test('that comes with its module while it is being created is as good as created', () => {
    const world = new World();
    world.tunnel.set(WISH);
    world.refusals.set('create', ['EEXIST', 'file already exists']);
    const change = world.tunnel.next(world.now)!;
    world.interfaces.setLink(tunl0({ adminUp: false }));
    world.tunnel.apply(change, { code: 'EEXIST', text: 'file already exists' }, world.now);
    expect(world.settle()).toEqual(['raise tunl0 1480', 'add tunl0 10.65.0.0 32']);
    expect(world.problems).toEqual([]);
  });

  test('that is deleted, of which the kernel first says that it is down, is made again at once', () => {
    const world = new World();
    world.tunnel.set(WISH);
    world.settle();
    world.interfaces.setLink(tunl0({ adminUp: false }));
    const change = world.tunnel.next(world.now)!;
    world.interfaces.removeLink(TUNL0);
    world.tunnel.apply(change, { code: 'ENODEV', text: 'no such device' }, world.now);
    expect(world.settle()).toEqual(['create tunl0 ipip', 'raise tunl0 1480', 'add tunl0 10.65.0.0 32']);
    expect(world.problems).toEqual([]);
  });

  test('of another kind is left alone, and reported once', () => {
    const world = new World();
    world.interfaces.setLink(link(TUNL0, 'tunl0', { kind: 'veth' }));
    world.tunnel.set(WISH);
    expect([world.settle(), world.settle()]).toEqual([[], []]);
    const text = 'tunl0 is no ipip tunnel (veth); it is left alone';
    expect([world.problems, world.tunnel.obstacle('tunl0')]).toEqual([[{ type: 'tunnel', text }], text]);
    world.interfaces.removeLink(TUNL0);
    expect(world.settle()).toEqual(['create tunl0 ipip', 'raise tunl0 1480', 'add tunl0 10.65.0.0 32']);
    expect(world.tunnel.obstacle('tunl0')).toBeUndefined();
  });

  test('that cannot be created is tried again after rising pauses, and reported once', () => {
    const world = new World();
    world.refusals.set('create', ['ENOTSUP', 'Unknown device type']);
    world.tunnel.set(WISH);
    const began = world.now;
    const tries: number[] = [];
    while (world.now - began < 200_000) {
      if (world.settle().length > 0) tries.push((world.now - began) / 1000);
      world.now = world.tunnel.nextDeadline()!;
      world.tunnel.tick(world.now);
    }
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
    const text = 'cannot create tunl0: Unknown device type (ENOTSUP); it needs the kernel module ipip';
    expect([world.problems, world.tunnel.obstacle('tunl0'), world.tunnel.obstacle('eth0')]).toEqual([
      [{ type: 'tunnel', text }],
      text,
      undefined,
    ]);
    world.refusals.clear();
    world.now = world.tunnel.nextDeadline()!;
    world.tunnel.tick(world.now);
    expect(world.settle().length).toBe(3);
    expect(world.tunnel.obstacle('tunl0')).toBeUndefined();
  });

  test('that another agent keeps changing is put right twenty times a minute at most, and reported once', () => {
    const world = new World();
    world.tunnel.set(WISH);
    world.settle();
    const began = world.now;
    let changes = 0;
    for (; world.now < began + 180_000; world.now += 100) {
      world.tunnel.tick(world.now);
      world.interfaces.setLink(tunl0({ mtu: 1440 }));
      changes += world.settle().length;
    }
    expect(changes).toBe(57); // to make it took three
    expect(world.problems).toEqual([
      { type: 'tunnel', text: 'another agent keeps changing tunl0; it is put right twenty times a minute at most' },
    ]);
  });
});
