// Static routes as local routes. What a filter makes of them is known beforehand: their own commands and the import filter
// of their protocol run here, once.

import { familyOf, prefixWords } from 'node-bgp';
import type { LocalRoute } from '../../src/intent/types.ts';
import { evaluate, type Policy, type PolicyRoute } from '../../src/policy/index.ts';
import type { Remark } from '../filters/index.ts';
import { type Channel, LOCAL_ATTRIBUTES, type Protocol, type StaticRoute } from './configuration.ts';

const PREFERENCE = 200;

/** Of several routes to one prefix the one with the highest preference, or else the first. */
export function localRoutes(protocols: readonly Protocol[], remark: (remark: Remark) => void): readonly LocalRoute[] {
  const byPrefix = new Map<string, LocalRoute>();
  for (const protocol of protocols) {
    for (const route of protocol.routes) {
      const channel = protocol.channels.get(familyOf(route.prefix));
      if (channel === undefined || channel.table !== undefined) continue;
      const made = localRoute(protocol, channel, route, remark);
      const first = byPrefix.get(route.prefix);
      if (made === undefined) continue;
      if (first === undefined || preferenceOf(made) > preferenceOf(first)) byPrefix.set(route.prefix, made);
    }
  }
  return [...byPrefix.values()];
}

const preferenceOf = ({ preference = PREFERENCE }: LocalRoute): number => preference;

/** Undefined where the import filter rejects it. */
function localRoute(
  { name }: Protocol,
  channel: Channel,
  route: StaticRoute,
  remark: (remark: Remark) => void,
): LocalRoute | undefined {
  const { prefix, type, gateway, device, gateways, place, policy } = route;
  let subject = policyRoute(name, channel, route);
  for (const step of policy === undefined ? [channel.importPolicy] : [policy, channel.importPolicy]) {
    const next = pass(step, subject);
    if (typeof next === 'string') remark({ place, text: `the route to ${prefix} is not there: ${next}` });
    if (next === undefined || typeof next === 'string') return undefined;
    subject = next;
  }
  const { attributes, preference, metric, other } = subject;
  if (other !== undefined) {
    remark({ place, text: `${Object.keys(other).join(', ')} of a static route has no effect` });
  }
  return {
    ...{ prefix, type },
    ...(gateway === undefined ? {} : { gateway }),
    ...(device === undefined ? {} : { device }),
    ...(gateways === undefined ? {} : { gateways }),
    ...(attributes === LOCAL_ATTRIBUTES ? {} : { attributes }),
    ...(preference === PREFERENCE ? {} : { preference }),
    ...(metric === undefined ? {} : { metric }),
    origin: `${place.file}:${place.line}`,
  };
}

/** The route as the policy leaves it; undefined where it is rejected, a text where the policy failed. */
function pass(policy: Policy, route: PolicyRoute): PolicyRoute | string | undefined {
  const { accepted, error, attributes, preference, metric, tunnel, other = {} } = evaluate(policy, route);
  if (error !== undefined) return error;
  if (!accepted) return undefined;
  const changed = Object.entries({ ...other, ...(tunnel === undefined ? {} : { krt_tunnel: tunnel }) });
  const kept: [string, string | number][] = changed.flatMap(([key, value]) => (value === null ? [] : [[key, value]]));
  const all = { ...route.other, ...Object.fromEntries(kept) };
  return { ...route, attributes, preference, metric, ...(Object.keys(all).length === 0 ? {} : { other: all }) };
}

function policyRoute(protocol: string, channel: Channel, { prefix, type, gateway, device }: StaticRoute): PolicyRoute {
  const isPlain = type === 'via' || type === 'recursive' || type === 'device';
  return {
    ...prefixWords(prefix),
    attributes: LOCAL_ATTRIBUTES,
    source: 'static',
    protocol,
    from: undefined,
    peer: undefined,
    interface: device ?? '',
    gateway,
    metric: undefined,
    preference: channel.preference ?? PREFERENCE,
    ...(isPlain ? {} : { dest: type }),
  };
}
