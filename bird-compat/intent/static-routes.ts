// Static routes as local routes. What a filter makes of them is known beforehand: their own commands and the import filter
// of their protocol run here, once.

import { familyOf, prefixWords } from 'node-bgp';
import type { LocalRoute } from '../../src/intent/types.ts';
import { evaluate, type Policy, type PolicyRoute } from '../../src/policy/index.ts';
import type { Remark } from '../filters/index.ts';
import { type Channel, LOCAL_ATTRIBUTES, type Protocol, type StaticRoute } from './configuration.ts';

const PREFERENCE = 200;

type Tell = (remark: Remark) => void;

/** Of several routes to one prefix the one with the highest preference, or else the first. */
export function localRoutes(protocols: readonly Protocol[], remark: Tell, problem: Tell): readonly LocalRoute[] {
  const byPrefix = new Map<string, { readonly route: LocalRoute; readonly preference: number }>();
  for (const protocol of protocols) {
    for (const route of protocol.routes) {
      const channel = protocol.channels.get(familyOf(route.prefix));
      if (channel === undefined || channel.table !== undefined) continue;
      const passed = throughFilters(protocol, channel, route, remark);
      const made = passed === undefined ? undefined : asLocal(route, passed, remark, problem);
      if (passed === undefined || made === undefined) continue;
      const first = byPrefix.get(route.prefix);
      const { preference } = passed;
      if (first === undefined || preference > first.preference) byPrefix.set(route.prefix, { route: made, preference });
    }
  }
  return Array.from(byPrefix.values(), ({ route }) => route);
}

/** Undefined where the import filter rejects it. */
function throughFilters(
  { name }: Protocol,
  channel: Channel,
  route: StaticRoute,
  remark: Tell,
): PolicyRoute | undefined {
  const { policy, place, prefix } = route;
  let subject = policyRoute(name, channel, route);
  for (const step of policy === undefined ? [channel.importPolicy] : [policy, channel.importPolicy]) {
    const next = pass(step, subject);
    if (typeof next === 'string') remark({ place, text: `the route to ${prefix} is not there: ${next}` });
    if (next === undefined || typeof next === 'string') return undefined;
    subject = next;
  }
  return subject;
}

/** The destinations that Caracal has, or those that come nearest. */
function asLocal(route: StaticRoute, passed: PolicyRoute, remark: Tell, problem: Tell): LocalRoute | undefined {
  const { prefix, type, gateway, device, place } = route;
  const tell = (text: string) => remark({ place, text: `the route to ${prefix} ${text}` });
  if (type === 'device' || type === 'multipath') {
    const what = type === 'device' ? 'leads to an interface' : 'has several gateways';
    problem({ place, text: `the route to ${prefix} is left out: it ${what}, which Caracal does not do` });
    return undefined;
  }
  if (type === 'recursive') tell('is there while its gateway is a neighbour, and only then');
  if (type === 'unreachable' || type === 'prohibit') tell('is a blackhole');
  if (device !== undefined) tell('is there whatever the interface of its gateway');
  const extra = Object.keys(passed.other ?? {}).filter((name) => name !== 'dest' && name !== 'gateway');
  if (passed.metric !== undefined) extra.push('krt_metric');
  if (passed.preference !== PREFERENCE) extra.push('preference');
  if (extra.length > 0) tell(`has no ${extra.join(', ')} of its own`);
  return {
    prefix,
    ...(gateway === undefined ? { type: 'blackhole' } : { type: 'via', gateway }),
    ...(passed.attributes === LOCAL_ATTRIBUTES ? {} : { attributes: passed.attributes }),
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
