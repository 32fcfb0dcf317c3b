// What `caracal status --cluster` does unless told otherwise, as deploy/kubernetes has it.

export const CLUSTER_DEFAULTS = {
  selector: 'k8s-app=calico-node',
  namespace: 'kube-system',
  port: 9180,
  parallel: 50,
  /** Seconds. */
  nodeTimeout: 5,
  timeout: 60,
} as const;

/** Name of the port where pods serve status, and the Secret and key with its token. */
export const STATUS_PORT_NAME = 'caracal-status';
export const TOKEN_SECRET = { name: 'caracal-status', key: 'token' } as const;
