// From what is to be done to the messages that ask for it, and from the kernel's routes to ours: indexes and flags on one
// side, names and intentions on the other. Not here: the order of things (kernel.ts), octets (rtnetlink.ts).

import { compareNextHops } from '../fib/kernel-route.ts';
import type { KernelNextHop, LearnedRoute } from '../fib/types.ts';
import { LinuxError } from '../linux/libc.ts';
import { NLM_F_EXCL, NLM_F_REPLACE } from './constants.ts';
import { Conversation, type WriteRequest } from './conversation.ts';
import { writeAddress, writeLinkUp, writeNewLink } from './link-messages.ts';
import { type RawRoute, writeDeleteRoute, writeNewRoute, writePrivilegeProbe } from './rtnetlink.ts';
import type { Change } from './table.ts';
import type { TunnelChange } from './tunnel.ts';

export interface RouteScene {
  readonly table: number;
  readonly protocol: number;
  readonly indexOf: (device: string) => number;
}

export function routeRequest({ type, route }: Change, scene: RouteScene): WriteRequest {
  const { table, protocol, indexOf } = scene;
  const request = { route, table, protocol, indexOf };
  if (type === 'delete') return (writer, flags, sequence) => writeDeleteRoute(writer, request, flags, sequence);
  const how = type === 'add' ? NLM_F_EXCL : NLM_F_REPLACE;
  return (writer, flags, sequence) => writeNewRoute(writer, request, how | flags, sequence);
}

export function tunnelRequest(change: TunnelChange): WriteRequest {
  return (writer, flags, sequence) => {
    if (change.type === 'create') writeNewLink(writer, { name: change.device, kind: change.kind }, flags, sequence);
    else if (change.type === 'raise') writeLinkUp(writer, change, flags, sequence);
    else writeAddress(writer, { ...change, type: change.type }, flags, sequence);
  };
}

/** A route as the kernel tells of it, with names in place of indexes and its next hops in our order. */
export function namedRoute(
  { prefix, type, metric, protocol, nextHops }: RawRoute,
  nameOf: (index: number) => string,
): LearnedRoute {
  const hops = nextHops.map(({ index, gateway, onlink }): KernelNextHop => {
    const device = nameOf(index);
    if (gateway === undefined) return { device };
    return onlink ? { gateway, device, onlink } : { gateway, device };
  });
  return { prefix, type, metric, protocol, nextHops: hops.length > 1 ? hops.sort(compareNextHops) : hops };
}

/** Rejects with LinuxError where this process may not change routes. */
export async function checkPrivileges(options: {
  readonly table: number;
  readonly receiveBuffer: number;
}): Promise<void> {
  const ignore = () => {};
  const conversation = new Conversation({ ...options, onNotification: ignore, onBroken: ignore });
  const failures = await conversation.send([writePrivilegeProbe]);
  conversation.close();
  if (failures.get(0)?.code !== 'EPERM') return;
  const text = 'no permission to program kernel routes: give CAP_NET_ADMIN, or run with --kernel none';
  throw new LinuxError('EPERM', 'rtnetlink', text);
}
