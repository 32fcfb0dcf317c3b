// What the command line and the environment say, in the words of the rooms that use it.

import type { RunOptions } from '../cli/types.ts';
import type { IntentOptions } from '../intent/index.ts';

export function intentOptions(options: RunOptions): IntentOptions {
  const { routerId, advertiseClusterIPs } = options;
  return {
    node: options.node,
    kubernetesNodeName: options.kubernetesNode,
    secretNamespace: options.secretNamespace,
    ...(routerId === undefined ? {} : { routerId }),
    ...(advertiseClusterIPs === undefined ? {} : { advertiseClusterIps: advertiseClusterIPs }),
    usePodCidr: options.datastore.type === 'kubernetes' && options.datastore.usePodCidr,
  };
}
