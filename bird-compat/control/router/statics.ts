// Routes of a static protocol as the configuration has them.

import type { StaticRoute } from '../../intent/index.ts';
import type { StaticView } from '../types.ts';

export function staticView(route: StaticRoute, isThere: boolean): StaticView {
  return { prefix: route.prefix, destination: destinationOf(route), isDormant: !isThere };
}

function destinationOf({ type, gateway = '', device = '', gateways = [] }: StaticRoute): StaticView['destination'] {
  switch (type) {
    case 'via':
      return device === '' ? { type: 'gateway', gateway } : { type: 'via', gateway, device };
    case 'recursive':
      return { type: 'recursive', gateway };
    case 'device':
      return { type: 'dev', device };
    case 'multipath':
      return { type: 'multipath', hops: gateways.map((hop) => ({ ...hop, device: hop.device ?? '' })) };
    case 'prohibit':
      return { type: 'prohibited' };
    default:
      return { type };
  }
}
