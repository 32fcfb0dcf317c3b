// What a protocol is told of a network, as `show route export` shows it: by the filter as it is now, with attributes as
// they leave.

import type { Family } from 'node-bgp';
import { explainExport, NO_SET, type Row } from '../../../src/rib/index.ts';
import type { Speaker } from '../../../src/speaker/index.ts';
import type { Destination, ExportView, NetworkView, RouteView } from '../types.ts';
import type { KnownNetwork } from './networks.ts';

type Exporter = (network: NetworkView) => readonly ExportView[];
type FamilyRouter = Speaker['families'][Family];

/** Of a session; undefined: it is not established. */
export function sessionExporter(speaker: Speaker, name: string): Exporter | undefined {
  const peer = speaker.sessions.get(name);
  if (peer?.session === undefined) return undefined;
  return (network) => {
    const router = speaker.families[network.family];
    const source = peer.families.get(network.family)?.source;
    const group = source === undefined ? undefined : router.rib.groups.groupOf(source.id);
    if (source === undefined || group === undefined) return [];
    const { rib } = router;
    const { policy, policyPeer, target, addPath } = group.options;
    return routesOf(router, network, addPath).flatMap(({ row, route }) => {
      if (rib.tables.paths.source[row] === source.id) return [];
      const told = explainExport(rib.tables, (network as KnownNetwork).id, row, policy, policyPeer, target);
      if (told.type === 'obstacle') return [];
      return [{ route: { ...route, bgp: told.attributes }, accepted: told.explanation.accepted }];
    });
  };
}

/** Of the kernel: one route for each network, merged where paths are equal. */
export function kernelExporter(speaker: Speaker): Exporter {
  return (network) => {
    const router = speaker.families[network.family];
    const [found] = routesOf(router, network, false);
    if (found === undefined) return [];
    const told = router.forwarding.explain(router.rib, (network as KnownNetwork).id);
    if (told.type !== 'policy') return [];
    const { accepted, metric, tunnel } = told.explanation;
    const hops = told.route?.nextHops ?? [];
    const isMerged = accepted && hops.length > 1;
    return [
      {
        accepted,
        route: {
          ...found.route,
          ...(isMerged ? { destination: multipath(hops) } : {}),
          ...(found.route.kind === 'bgp' ? { bgp: told.explanation.attributes } : {}),
          // A route with several next hops goes through no tunnel in Calico's BIRD; in Caracal it does.
          kernel: {
            ...(metric === undefined ? {} : { metric }),
            ...(accepted && tunnel !== undefined ? { tunnel } : {}),
          },
        },
      },
    ];
  };
}

function multipath(hops: readonly { readonly gateway?: string; readonly device: string }[]): Destination {
  return {
    type: 'multipath',
    hops: hops.map(({ gateway = '', device }) => ({ gateway, device, weight: 1 })),
  };
}

/** The best route, or all that import let in. */
function routesOf(
  { rib }: FamilyRouter,
  network: NetworkView,
  all: boolean,
): readonly { readonly row: Row; readonly route: RouteView }[] {
  const { rows, routes } = network as KnownNetwork;
  const { paths } = rib.tables;
  const known = rows.map((row, index) => ({ row, route: routes[index]! }));
  return known.filter(({ row, route }) => paths.set[row] !== NO_SET && (all || route.isBest));
}
