// What a command line means, as values: the doors between the parser, the environment and those who do the work.

import type { HttpEndpoint } from '../status/endpoint.ts';
import type { ExplainQuery } from '../status/explain.ts';
import type { MetricsMode } from '../status/metrics/types.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** What becomes of a change that would take the last session or the last reflector away: told and done, or held back. */
export type GuardMode = 'warn' | 'hold';

/** A mistake of the caller: one sentence, exit code 2. */
export interface UsageError {
  readonly type: 'usageError';
  readonly text: string;
}

export interface KernelFlags {
  readonly kernel?: 'linux' | 'none';
  readonly kernelTable?: number;
  readonly kernelProtocol?: number;
  /** Seconds. */
  readonly kernelAudit?: number;
  readonly manageTunnel?: boolean;
}

/** What becomes of the service routes of a node that is cordoned. */
export type DrainMode = 'withdraw' | 'lower' | 'keep';

export interface ClusterFlags {
  readonly nodeStatus?: Switch;
  readonly nodeEvents?: Switch;
  readonly drain?: DrainMode;
}

export type Switch = 'on' | 'off';

export interface RunFlags extends KernelFlags, ClusterFlags {
  readonly node?: string;
  readonly datastore?: DatastoreOptions['type'];
  readonly resources?: string;
  /** Calico's file that says how to reach the datastore. */
  readonly calicoConfig?: string;
  readonly listen?: ListenOption;
  readonly http: readonly HttpEndpoint[];
  readonly user?: string;
  /** Paths of control sockets as those of the two BIRDs. */
  readonly control?: string;
  readonly control6?: string;
  readonly logLevel?: LogLevel;
  readonly guard?: GuardMode;
  /** Seconds. */
  readonly guardTime?: number;
  readonly metrics?: MetricsMode;
  readonly check: boolean;
  /** A stop is for good: peers are to forget our routes at once. */
  readonly final?: true;
}

export type LabCommand =
  | { readonly action: 'up' | 'show' | 'down'; readonly file: string }
  /** Without `file`: the lab that is up and has such a node. */
  | { readonly action: 'page'; readonly file?: string; readonly node: string }
  | { readonly action: 'exec'; readonly file?: string; readonly node: string; readonly command: readonly string[] };

/** Which nodes are asked: pods through the API server, or addresses. */
export type Nodes =
  | {
      readonly type: 'pods';
      readonly selector: string;
      readonly namespace: string;
      readonly kubeconfig?: string;
      readonly context?: string;
    }
  | { readonly type: 'addresses'; readonly endpoints: readonly HttpEndpoint[] }
  | { readonly type: 'file'; readonly path: string };

/** `caracal status --cluster`. */
export interface ClusterCommand {
  readonly type: 'cluster';
  readonly json: boolean;
  readonly nodes: Nodes;
  /** Where status is served; absent: where pods say, else the default. */
  readonly port?: number;
  /** Nodes asked at a time. */
  readonly parallel: number;
  /** Seconds. */
  readonly nodeTimeout: number;
  readonly timeout: number;
  readonly tokenFile?: string;
}

export interface ExplainCommand {
  readonly type: 'explain';
  readonly query: ExplainQuery;
  readonly json: boolean;
  readonly http?: HttpEndpoint;
  /** Files instead of a daemon. */
  readonly resources?: string;
  readonly node?: string;
}

export interface EventsCommand {
  readonly type: 'events';
  readonly peer?: string;
  readonly json: boolean;
  readonly http?: HttpEndpoint;
}

export interface BundleCommand {
  readonly type: 'bundle';
  /** `-`: standard output. */
  readonly file?: string;
  readonly http?: HttpEndpoint;
}

export interface PlanCommand {
  readonly type: 'plan';
  /** The new ones. */
  readonly resources: string;
  /** Old files instead of a daemon. */
  readonly from?: string;
  readonly node?: string;
  readonly json: boolean;
  readonly http?: HttpEndpoint;
}

/** A configuration of BIRD that is to become resources. */
export interface MigrateRequest {
  readonly file: string;
  readonly node: string;
  /** Which BIRD's language; absent: as it shows in the file. */
  readonly bird?: 1 | 2;
  /** Which of the two daemons of BIRD 1.6 the file is for. */
  readonly family: 'ipv4' | 'ipv6';
}

export type MigrateCommand = Omit<MigrateRequest, 'node'> & { readonly type: 'migrate'; readonly node?: string };

export type Command =
  | { readonly type: 'run'; readonly flags: RunFlags }
  | { readonly type: 'status'; readonly json: boolean; readonly watch: boolean; readonly http?: HttpEndpoint }
  | ClusterCommand
  | ExplainCommand
  | EventsCommand
  | BundleCommand
  | PlanCommand
  | MigrateCommand
  | { readonly type: 'lab'; readonly lab: LabCommand }
  | { readonly type: 'version'; readonly json: boolean }
  | { readonly type: 'help'; readonly command?: CommandName };

export type CommandName =
  | 'run'
  | 'status'
  | 'explain'
  | 'events'
  | 'bundle'
  | 'plan'
  | 'migrate'
  | 'lab'
  | 'version'
  | 'help';

export interface ListenOption {
  /** Absent: all addresses. */
  readonly address?: string;
  readonly port: number;
}

/** How to reach the Kubernetes API; nothing given: `$HOME/.kube/config` or the pod's own account. */
export interface KubernetesAccess {
  /** One path or several, separated by colons. */
  readonly kubeconfig?: string;
  readonly apiEndpoint?: string;
  readonly keyFile?: string;
  readonly certFile?: string;
  readonly caFile?: string;
  /** A secret. */
  readonly token?: string;
  readonly insecureSkipTlsVerify: boolean;
  readonly context?: string;
  /** Forces the API group of Calico's resources. */
  readonly apiGroup?: string;
}

export interface EtcdAccess {
  readonly endpoints: readonly string[];
  readonly discoverySrv?: string;
  /** Only together with the password, which is a secret. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly keyFile?: string;
  readonly certFile?: string;
  readonly caFile?: string;
  /** PEM in place of the files; the key is a secret. */
  readonly inline?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export type DatastoreOptions =
  | { readonly type: 'files'; readonly path: string }
  | { readonly type: 'kubernetes'; readonly access: KubernetesAccess; readonly usePodCidr: boolean }
  /** Passwords and services come from Kubernetes also here, where it is at hand. */
  | { readonly type: 'etcdv3'; readonly etcd: EtcdAccess; readonly access: KubernetesAccess };

/** Where the node's name was found: a guess deserves another sentence than an order when there is no such Node. */
export type NodeNameSource = '--node' | 'NODENAME' | 'nodename file' | 'HOSTNAME' | 'host name';

/** Everything the daemon is told from outside, flags and environment together. */
export interface RunOptions {
  readonly node: string;
  readonly nodeNameSource: NodeNameSource;
  readonly datastore: DatastoreOptions;
  readonly kernel: 'linux' | 'none';
  /** Routing table, absent: main. */
  readonly kernelTable?: number;
  /** rtm_protocol of our routes, absent: bird. */
  readonly kernelProtocol?: number;
  /** Seconds between readings of all routes, 0: never; absent: a minute. */
  readonly kernelAudit?: number;
  /** Nobody else makes the tunnel device: this daemon does. */
  readonly manageTunnel?: boolean;
  /** Overrides address and port of the resources. */
  readonly listen?: ListenOption;
  readonly http: readonly HttpEndpoint[];
  /** Control sockets as those of the two BIRDs, by family. */
  readonly control: { readonly ipv4?: string; readonly ipv6?: string };
  /** Name or number, also with a group behind a colon: who to be once all is open. */
  readonly user?: string;
  readonly logLevel: LogLevel;
  readonly guard: GuardMode;
  /** Seconds that a change which is held back has to stay before it is applied. */
  readonly guardTime: number;
  /** Fill the CalicoNodeStatus objects of this node. */
  readonly nodeStatus: boolean;
  /** Write Events on the Node when sessions go down and come back. */
  readonly nodeEvents: boolean;
  readonly drain: DrainMode;
  /** Which peers have series of their own in `/metrics`. */
  readonly metrics: MetricsMode;
  readonly check: boolean;
  /** A stop is for good: peers are to forget our routes at once. */
  readonly final?: true;
  /** CALICO_ROUTER_ID: `hash`, or a router ID. */
  readonly routerId?: string;
  /** CALICO_ADVERTISE_CLUSTER_IPS: a CIDR in place of serviceClusterIPs. */
  readonly advertiseClusterIPs?: string;
  /** CALICO_K8S_NODE_REF: the node's name in Kubernetes. */
  readonly kubernetesNode: string;
  /** Where password Secrets are. */
  readonly secretNamespace: string;
  readonly endpointStatusPath: string;
  /** `vxlan` and `none`: the cluster runs without BGP; nothing is read, nothing is done. */
  readonly networkingBackend: 'bird' | 'vxlan' | 'none';
}

export type Environment = Readonly<Record<string, string | undefined>>;
