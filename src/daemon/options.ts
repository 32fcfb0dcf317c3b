// What the command line and the environment say, in the words of the rooms that use it.

import type { RunOptions } from '../cli/types.ts';
import { ResourceStore } from '../datastore/store.ts';
import { computeIntent, type Intent, type IntentOptions } from '../intent/index.ts';

/** What was said on the command line, or by the networking backend, has the last word. */
export type Overrides = Pick<RunOptions, 'listen' | 'networkingBackend'>;

export function intentOptions(options: RunOptions): IntentOptions {
  const { routerId, advertiseClusterIPs, drain } = options;
  return {
    node: options.node,
    kubernetesNodeName: options.kubernetesNode,
    secretNamespace: options.secretNamespace,
    ...(routerId === undefined ? {} : { routerId }),
    ...(advertiseClusterIPs === undefined ? {} : { advertiseClusterIps: advertiseClusterIPs }),
    ...(drain === 'keep' ? {} : { drain }),
    usePodCidr: options.datastore.type === 'kubernetes' && options.datastore.usePodCidr,
  };
}

export function overridesOf({ listen, networkingBackend }: RunOptions): Overrides {
  return { networkingBackend, ...(listen === undefined ? {} : { listen }) };
}

/** In a cluster that runs without BGP: nothing, whatever its resources are. */
export function idleIntent(options: RunOptions): Intent {
  const { nodeMissing: _, ...nothing } = computeIntent(new ResourceStore([]), intentOptions(options));
  return overrideIntent({ ...nothing, problems: [] }, overridesOf(options));
}

export function overrideIntent(intent: Intent, { listen, networkingBackend }: Overrides): Intent {
  if (networkingBackend !== 'bird') {
    const text = `CALICO_NETWORKING_BACKEND is ${networkingBackend}: no BGP on this node, nothing is done`;
    const problem = { kind: 'Node', name: intent.node, path: '', text, severity: 'warning' } as const;
    const { tunnel: _, ...rest } = intent;
    return { ...rest, peers: new Map(), listen: [], localRoutes: [], problems: [...intent.problems, problem] };
  }
  return listen === undefined ? intent : { ...intent, listen: [listen] };
}
