// The commands and their options as a table: the parser accepts what stands here, and help prints it.

import { DEFAULT_HTTP } from '../status/endpoint.ts';
import { CLUSTER_DEFAULTS } from './cluster-defaults.ts';
import type { CommandName } from './types.ts';

export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  /** Placeholder of the value; absent: a switch. */
  readonly value?: string;
  readonly repeatable?: true;
  readonly help: string;
}

export interface CommandRow {
  readonly usage: readonly string[];
  readonly summary: string;
  readonly options: readonly OptionRow[];
  readonly notes?: string;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export const DATASTORES = ['files', 'kubernetes', 'etcdv3'] as const;
export const KERNELS = ['linux', 'none'] as const;
export const GUARDS = ['warn', 'hold'] as const;
export const DRAINS = ['withdraw', 'lower', 'keep'] as const;
export const METRICS = ['summary', 'per-peer'] as const;
export const SWITCHES = ['on', 'off'] as const;
/** Seconds. */
export const DEFAULT_GUARD_TIME = 300;
export const BIRDS = ['1', '2'] as const;
export const FAMILIES = ['ipv4', 'ipv6'] as const;
export const LAB_ACTIONS = ['up', 'show', 'exec', 'page', 'down'] as const;

export const HELP_OPTION: OptionRow = { name: 'help', short: 'h', help: 'show this text' };

const HTTP_OPTION: OptionRow = {
  name: 'http',
  value: 'WHERE',
  help: `where the daemon serves status: ADDR:PORT or unix:PATH (default ${DEFAULT_HTTP})`,
};

const TOKEN_OPTION: OptionRow = {
  name: 'http-token-file',
  value: 'FILE',
  help: 'file with the token that ADDR:PORT asks for',
};

export const COMMANDS: Readonly<Record<CommandName, CommandRow>> = {
  run: {
    usage: ['caracal run [--node NAME] [--datastore TYPE] [--resources PATH] ...'],
    summary: 'run the daemon of this node',
    options: [
      {
        name: 'node',
        value: 'NAME',
        help: 'name of this node; else NODENAME, the nodename file, HOSTNAME, the host name',
      },
      { name: 'datastore', value: 'TYPE', help: `where resources come from: ${DATASTORES.join(', ')}` },
      { name: 'resources', value: 'PATH', help: 'folder of YAML files, or one file, for the datastore files' },
      {
        name: 'calico-config',
        value: 'FILE',
        help: "how to reach the datastore, as in calicoctl.cfg; Calico's variables for that do not count then",
      },
      { name: 'kernel', value: 'KIND', help: 'linux programs routes (default), none leaves the kernel alone' },
      { name: 'kernel-table', value: 'NUMBER', help: 'routing table to program (default 254, main)' },
      { name: 'kernel-protocol', value: 'NUMBER', help: 'protocol of our routes in the kernel (default 12, bird)' },
      {
        name: 'kernel-audit',
        value: 'TIME',
        help: 'how often to read all routes as a precaution (default 1m, 0s: never)',
      },
      { name: 'manage-tunnel', help: 'make tunl0 and its address, where no Felix does' },
      { name: 'listen', value: 'ADDR:PORT', help: 'accept BGP here instead of where the resources say' },
      {
        name: 'http',
        value: 'WHERE',
        repeatable: true,
        help: `serve status at ADDR:PORT or unix:PATH (default ${DEFAULT_HTTP})`,
      },
      {
        name: 'http-token-file',
        value: 'FILE',
        help: 'who asks at ADDR:PORT needs the token in this file, but for /livez and /readyz',
      },
      {
        name: 'control',
        value: 'PATH',
        help: 'control socket for what asks BIRD, such as birdcl: the sessions and routes of IPv4',
      },
      { name: 'control6', value: 'PATH', help: 'the same for IPv6' },
      {
        name: 'user',
        value: 'USER[:GROUP]',
        help: 'once all is open, go on as this user, with no more rights than the kernel routes or low ports need',
      },
      { name: 'log-level', value: 'LEVEL', help: `${LOG_LEVELS.join(', ')} (default info)` },
      {
        name: 'guard',
        value: 'MODE',
        help: 'a change that would take the last session or reflector away: warn (default) or hold',
      },
      {
        name: 'guard-time',
        value: 'TIME',
        help: 'how long such a change has to stay until hold applies it (default 5m)',
      },
      {
        name: 'drain',
        value: 'MODE',
        help: 'service routes of a cordoned node: withdraw them, lower their preference, or keep them (default)',
      },
      {
        name: 'node-status',
        value: 'SWITCH',
        help: 'fill the CalicoNodeStatus objects of this node: on (default), off',
      },
      { name: 'node-events', value: 'SWITCH', help: 'Events on the Node about its sessions: on (default), off' },
      {
        name: 'metrics',
        value: 'MODE',
        help: 'series of their own for explicit peers (summary, default), or for all (per-peer)',
      },
      { name: 'final', help: 'a stop is for good: peers forget our routes at once, as always with SIGQUIT' },
      { name: 'check', help: 'read everything, print every problem and end; 1 if there is one' },
    ],
    notes:
      "calico-node's environment counts where no option is given: NODENAME, DATASTORE_TYPE, ETCD_*, KUBECONFIG, K8S_*,\nUSE_POD_CIDR, CALICO_ROUTER_ID, CALICO_ADVERTISE_CLUSTER_IPS, CALICO_K8S_NODE_REF, NAMESPACE, BGP_LOGSEVERITYSCREEN and\nothers. CARACAL_RESOURCES, CARACAL_CALICO_CONFIG, CARACAL_HTTP, CARACAL_HTTP_TOKEN_FILE, CARACAL_GUARD, CARACAL_GUARD_TIME, CARACAL_DRAIN, CARACAL_NODE_STATUS,\nCARACAL_NODE_EVENTS and CARACAL_METRICS stand for the options of these names.",
  },
  status: {
    usage: [
      'caracal status [--json] [--watch] [--http WHERE]',
      'caracal status --cluster [--selector LABELS] [--namespace NAME] [--port PORT] [--json] ...',
      'caracal status --cluster --addresses LIST | --addresses-file FILE [--port PORT] [--json] ...',
    ],
    summary: 'show peers, routes and problems of the daemon on this node, or what is missing in a cluster',
    options: [
      { name: 'json', help: 'the whole report as JSON' },
      { name: 'watch', short: 'w', help: 'show it again whenever it changes' },
      HTTP_OPTION,
      TOKEN_OPTION,
      {
        name: 'cluster',
        help: 'ask every node, and show which sessions are missing, in which direction, and why',
      },
      {
        name: 'selector',
        value: 'LABELS',
        help: `which pods to ask, through the API server (default ${CLUSTER_DEFAULTS.selector})`,
      },
      {
        name: 'namespace',
        short: 'n',
        value: 'NAME',
        help: `where they are (default ${CLUSTER_DEFAULTS.namespace})`,
      },
      { name: 'kubeconfig', value: 'FILE', help: 'how to reach the API server; else KUBECONFIG, ~/.kube/config' },
      { name: 'context', value: 'NAME', help: 'which context of it' },
      {
        name: 'addresses',
        value: 'LIST',
        help: 'ask these directly: ADDR, ADDR:PORT or unix:PATH, separated by commas',
      },
      { name: 'addresses-file', value: 'FILE', help: 'the same from a file, one on a line; - is standard input' },
      {
        name: 'port',
        value: 'PORT',
        help: `where they serve status (default: the port caracal-status of a pod, else ${CLUSTER_DEFAULTS.port})`,
      },
      { name: 'parallel', value: 'NUMBER', help: `nodes asked at a time (default ${CLUSTER_DEFAULTS.parallel})` },
      {
        name: 'node-timeout',
        value: 'TIME',
        help: `how long to wait for one node (default ${CLUSTER_DEFAULTS.nodeTimeout}s)`,
      },
      { name: 'timeout', value: 'TIME', help: `how long to ask at all (default ${CLUSTER_DEFAULTS.timeout}s)` },
    ],
    notes:
      'CARACAL_HTTP stands for --http. The exit code is 1 when no daemon answers; with --cluster also 3 when something is\nmissing. Without --http-token-file the token of pods is read from the Secret caracal-status.',
  },
  explain: {
    usage: [
      'caracal explain PREFIX|ADDRESS [--peer NAME] [--json] [--http WHERE]',
      'caracal explain --peer NAME [--json] [--http WHERE]',
      'caracal explain ... --resources PATH [--node NAME]',
    ],
    summary: 'say why a route or a peer is as it is',
    options: [
      {
        name: 'peer',
        value: 'NAME',
        help: 'name or address of a peer; with a prefix: what this peer is told, step by step',
      },
      { name: 'json', help: 'the whole explanation as JSON' },
      HTTP_OPTION,
      TOKEN_OPTION,
      {
        name: 'resources',
        value: 'PATH',
        help: 'ask no daemon: what would follow from these files, without any session',
      },
      { name: 'node', value: 'NAME', help: 'with --resources: which node to look from' },
    ],
    notes:
      'An address stands for the longest prefix that contains it. CARACAL_HTTP stands for --http. The exit code is 1\nwhere there is no answer.',
  },
  events: {
    usage: ['caracal events [PEER] [--json] [--http WHERE]'],
    summary: 'show what happened to the sessions of the daemon on this node, and what would help',
    options: [{ name: 'json', help: 'all that is known of each event as JSON' }, HTTP_OPTION, TOKEN_OPTION],
    notes:
      'PEER is the name or the address of a peer; without it, all events of all peers and of the node. The last 64 of each\nare kept until the daemon ends.',
  },
  bundle: {
    usage: ['caracal bundle [FILE] [--http WHERE]'],
    summary: 'write all that a bug report needs into one file, without secrets',
    options: [HTTP_OPTION, TOKEN_OPTION],
    notes:
      'One JSON file that can be read through before it is sent: status, events, intent, metrics, the first routes of each\nfamily, versions. FILE - is standard output; without FILE it is caracal-NODE-TIME.json in this folder.',
  },
  plan: {
    usage: [
      'caracal plan --resources NEW [--json] [--http WHERE]',
      'caracal plan --resources NEW --from OLD [--node NAME] [--json]',
    ],
    summary: 'say what a change of the resources would do, before it is made',
    options: [
      { name: 'resources', value: 'NEW', help: 'folder of YAML files, or one file: all resources as they are to be' },
      { name: 'from', value: 'OLD', help: 'compare with these files instead of the daemon on this node' },
      { name: 'node', value: 'NAME', help: 'with --from: which node to look from' },
      { name: 'json', help: 'the whole plan as JSON' },
      HTTP_OPTION,
      TOKEN_OPTION,
    ],
    notes:
      'The exit code is 0 without changes, 2 with changes, 1 where no plan can be made. CARACAL_HTTP stands for --http.',
  },
  migrate: {
    usage: ['caracal migrate FILE [--node NAME] [--bird VERSION] [--family FAMILY]'],
    summary: 'turn a configuration of BIRD into resources',
    options: [
      { name: 'node', value: 'NAME', help: 'the node that it is the configuration of (default: the host name)' },
      { name: 'bird', value: 'VERSION', help: 'whose language: 1 or 2 (default: as the file shows)' },
      { name: 'family', value: 'FAMILY', help: 'of BIRD 1.6: ipv4 for bird (default), ipv6 for bird6' },
    ],
    notes:
      'Resources go to standard output, what they cannot say to standard error. Passwords are not printed. The exit code\nis 1 where the file is no configuration.',
  },
  lab: {
    usage: [
      'caracal lab up FILE',
      'caracal lab show FILE',
      'caracal lab exec [FILE] NODE -- COMMAND ...',
      'caracal lab page [FILE] NODE',
      'caracal lab down FILE',
    ],
    summary: 'build a network of namespaces with a daemon in each node',
    options: [],
  },
  version: {
    usage: ['caracal version [--json]'],
    summary: 'show version, commit, runtime and platform',
    options: [{ name: 'json', help: 'the same as JSON' }],
  },
  help: { usage: ['caracal help [COMMAND]'], summary: 'show what a command does', options: [] },
};

export const COMMAND_NAMES = [
  'run',
  'status',
  'explain',
  'events',
  'bundle',
  'plan',
  'migrate',
  'lab',
  'version',
  'help',
] as const satisfies readonly CommandName[];
