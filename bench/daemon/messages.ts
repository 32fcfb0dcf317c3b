// The octets that clients send, prepared before anything is measured. Prefix n is the n-th /26 from 64.0.0.0 on, or the
// n-th /122 of fd64::/90; `receiver.ts` turns them back into numbers.

import {
  ADD_PATH_MODE,
  AFI,
  type AttributeContext,
  type Attributes,
  encodeAttributes,
  encodeOpen,
  MAX_MESSAGE_LENGTH,
  SAFI,
  UpdatePacker,
} from 'node-bgp';
import { type ClientPlan, FEED_AS, FEED_RUN, LOCAL_AS, type Plan } from './plan.ts';
import { randomizer } from './statistics.ts';

export const IPV4_BASE = 0x40000000;
export const IPV6_HEAD = [0xfd640000 | 0, 0, 0] as const;
/** Bits of a prefix's address that are not of the network: 64 addresses, as in a block of Calico. */
export const HOST_BITS = 6;

export function openMessage(plan: Plan, client: ClientPlan): Uint8Array {
  const afi = plan.family === 'ipv4' ? AFI.IPV4 : AFI.IPV6;
  return encodeOpen({
    type: 'open',
    version: 4,
    myAs: client.asn,
    holdTime: plan.holdTime,
    bgpIdentifier: client.identifier,
    capabilities: [
      { type: 'multiprotocol', afi, safi: SAFI.UNICAST },
      { type: 'fourOctetAs', asn: client.asn },
      ...(plan.addPath
        ? [{ type: 'addPath' as const, families: [{ afi, safi: SAFI.UNICAST, mode: ADD_PATH_MODE.BOTH }] }]
        : []),
    ],
  });
}

/** All UPDATEs of a client back to back: one set of attributes for a node's blocks, a new one every FEED_RUN in a feed. */
export function announcement(plan: Plan, client: ClientPlan): Uint8Array {
  return plan.pattern === 'feed' ? feed(plan, client) : announce(plan, client, client.first, client.count);
}

export function announce(plan: Plan, client: ClientPlan, first: number, count: number): Uint8Array {
  const packer = new UpdatePacker(MAX_MESSAGE_LENGTH);
  const attributes: Attributes = { origin: 0, asPath: [], nextHop: client.address, localPref: 100 };
  reach(packer, plan, client, attributes);
  for (let n = first; n < first + count; n++) put(packer, plan, n);
  return packer.take();
}

export function withdraw(plan: Plan, first: number, count: number): Uint8Array {
  const packer = new UpdatePacker(MAX_MESSAGE_LENGTH);
  packer.withdraw(plan.family);
  for (let n = first; n < first + count; n++) put(packer, plan, n);
  return packer.take();
}

/** As from a router with a large table: paths of 2 to 6 AS numbers, MED, 1 to 4 communities; prefixes in no order. */
function feed(plan: Plan, client: ClientPlan): Uint8Array {
  const packer = new UpdatePacker(MAX_MESSAGE_LENGTH);
  const random = randomizer(42);
  shuffled(client.count, random).forEach((n, i) => {
    if (i % FEED_RUN === 0) reach(packer, plan, client, feedAttributes(client, random));
    put(packer, plan, client.first + n);
  });
  return packer.take();
}

function feedAttributes(client: ClientPlan, random: (limit: number) => number): Attributes {
  const asns = [FEED_AS, ...Array.from({ length: 1 + random(5) }, () => 1 + random(60_000))];
  return {
    origin: 0,
    asPath: [{ type: 'sequence', asns }],
    nextHop: client.address,
    med: random(100_000),
    communities: Array.from({ length: 1 + random(4) }, () => random(2 ** 31)),
  };
}

function reach(packer: UpdatePacker, plan: Plan, client: ClientPlan, attributes: Attributes): void {
  const peerType = client.asn === LOCAL_AS ? 'ibgp' : 'ebgp';
  const context: AttributeContext = { fourOctetAs: true, peerType };
  const isIpv4 = plan.family === 'ipv4';
  packer.reach(
    plan.family,
    encodeAttributes(attributes, context, !isIpv4),
    isIpv4 ? undefined : ipv6NextHop(client.identifier),
  );
}

/** Client addresses differ in their last 16 bits, which are those of the identifier. */
function ipv6NextHop(identifier: number): Uint8Array {
  const octets = Uint8Array.of(0xfd, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  octets[14] = identifier >>> 8;
  octets[15] = identifier;
  return octets;
}

function put(packer: UpdatePacker, plan: Plan, n: number): void {
  const pathId = plan.addPath ? 1 : -1;
  if (plan.family === 'ipv4') packer.prefix((IPV4_BASE + (n << HOST_BITS)) | 0, 0, 0, 0, 32 - HOST_BITS, pathId);
  else packer.prefix(...IPV6_HEAD, n << HOST_BITS, 128 - HOST_BITS, pathId);
}

function shuffled(count: number, random: (limit: number) => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, n) => n);
  for (let i = count - 1; i > 0; i--) {
    const j = random(i + 1);
    const other = order[i]!;
    order[i] = order[j]!;
    order[j] = other;
  }
  return order;
}
