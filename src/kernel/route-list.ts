// The routes of one prefix in the order in which the kernel holds them, and what a notification does to that order.
// Linux keeps several routes of one prefix: with different metrics side by side, and with the same metric in IPv4 where
// somebody appended or prepended. Of those the first one forwards, and the first one is what NLM_F_REPLACE replaces.

import { familyOf } from 'node-bgp/ip';
import { sameNextHops, sameRoute } from '../fib/kernel-route.ts';
import type { KernelEvent, LearnedRoute } from '../fib/types.ts';
import { NLM_F_APPEND, NLM_F_REPLACE, RTPROT_KERNEL } from './constants.ts';

export type RouteList = readonly LearnedRoute[];

/** The list after a notification, RTM_NEWROUTE with its nlmsg_flags or RTM_DELROUTE; undefined where it leaves that open. */
export function noticedRoute(
  list: RouteList,
  type: 'new' | 'deleted',
  route: LearnedRoute,
  flags: number,
): RouteList | undefined {
  if (type === 'deleted') return withoutRoute(list, route);
  // In IPv6 a route that is appended to another becomes a hop of it, under the name of whoever came first.
  const mayJoin = familyOf(route.prefix) === 'ipv6' && (flags & NLM_F_REPLACE) === 0;
  return mayJoin && list.some(({ metric }) => metric === route.metric) ? undefined : withRoute(list, route, flags);
}

/** RTM_NEWROUTE with these nlmsg_flags. */
function withRoute(list: RouteList, route: LearnedRoute, flags: number): RouteList {
  const first = list.findIndex(({ metric }) => metric === route.metric);
  if (first < 0) return [...list, route];
  if (flags & NLM_F_REPLACE) return list.map((other, i) => (i === first ? route : other));
  const at = flags & NLM_F_APPEND ? list.findLastIndex(({ metric }) => metric === route.metric) + 1 : first;
  return [...list.slice(0, at), route, ...list.slice(at)];
}

/** RTM_DELROUTE; undefined where it does not say which route of the list is gone. */
function withoutRoute(list: RouteList, route: LearnedRoute): RouteList | undefined {
  const same = list.findIndex((other) => sameEntry(other, route));
  if (same >= 0) return list.filter((_, i) => i !== same);
  return list.some((other) => sameIdentity(other, route)) ? undefined : list;
}

export function sameList(a: RouteList, b: RouteList): boolean {
  return a === b || (a.length === b.length && a.every((route, i) => sameEntry(route, b[i]!)));
}

function sameEntry(a: LearnedRoute, b: LearnedRoute): boolean {
  return a.protocol === b.protocol && sameRoute(a, b);
}

/** Learned routes are told apart by metric and protocol; of several alike the first one counts. */
function sameIdentity(a: LearnedRoute, b: LearnedRoute): boolean {
  return a.metric === b.metric && a.protocol === b.protocol;
}

/** Events for the difference of two lists. Routes of our own, and those that the kernel makes, are not learned. */
export function learnedEvents(before: RouteList, now: RouteList, ownProtocol: number): readonly KernelEvent[] {
  if (!hasLearned(before, ownProtocol) && !hasLearned(now, ownProtocol)) return NOTHING;
  const old = learnedOf(before, ownProtocol);
  const current = learnedOf(now, ownProtocol);
  const gone = old.filter((route) => !current.some((other) => sameIdentity(other, route)));
  const changed = current.filter((route) => {
    const was = old.find((other) => sameIdentity(other, route));
    return was === undefined || was.type !== route.type || !sameNextHops(was.nextHops, route.nextHops);
  });
  return [
    ...gone.map((route) => ({ type: 'learnedRemoved', route }) as const),
    ...changed.map((route) => ({ type: 'learned', route }) as const),
  ];
}

const NOTHING: readonly KernelEvent[] = [];

function hasLearned(list: RouteList, ownProtocol: number): boolean {
  return list.some((route) => isLearned(route, ownProtocol));
}

function isLearned({ protocol }: LearnedRoute, ownProtocol: number): boolean {
  return protocol > RTPROT_KERNEL && protocol !== ownProtocol;
}

export function learnedOf(list: RouteList, ownProtocol: number): LearnedRoute[] {
  const learned: LearnedRoute[] = [];
  for (const route of list) {
    if (isLearned(route, ownProtocol) && !learned.some((other) => sameIdentity(other, route))) learned.push(route);
  }
  return learned;
}
