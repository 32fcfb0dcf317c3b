import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import type { Command } from './types.ts';

function split(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}

const CLUSTER_TIMES = { parallel: 50, nodeTimeout: 5, timeout: 60 };

const COMMANDS: readonly [string, Command][] = [
  ['run', { type: 'run', flags: { http: [], check: false } }],
  [
    'run --node node-1 --datastore files --resources /r --kernel none --listen [fd00::1]:1790 --http 127.0.0.1:9180 --http unix:/s --log-level debug --guard hold --guard-time 2h --metrics per-peer --check',
    {
      type: 'run',
      flags: {
        node: 'node-1',
        datastore: 'files',
        resources: '/r',
        kernel: 'none',
        listen: { address: 'fd00::1', port: 1790 },
        http: [
          { type: 'tcp', address: '127.0.0.1', port: 9180 },
          { type: 'unix', path: '/s' },
        ],
        logLevel: 'debug',
        guard: 'hold',
        guardTime: 7200,
        metrics: 'per-peer',
        check: true,
      },
    },
  ],
  [
    'run --user caracal:bgp --calico-config /etc/calico/calicoctl.cfg --kernel linux --kernel-table 100 --kernel-protocol 200 --kernel-audit 5m --manage-tunnel',
    {
      type: 'run',
      flags: {
        user: 'caracal:bgp',
        calicoConfig: '/etc/calico/calicoctl.cfg',
        kernel: 'linux',
        kernelTable: 100,
        kernelProtocol: 200,
        kernelAudit: 300,
        manageTunnel: true,
        http: [],
        check: false,
      },
    },
  ],
  [
    'run --node=-odd- --listen=:1790',
    { type: 'run', flags: { node: '-odd-', listen: { port: 1790 }, http: [], check: false } },
  ],
  ['status', { type: 'status', json: false, watch: false }],
  ['status --json -w --http unix:/s', { type: 'status', json: true, watch: true, http: { type: 'unix', path: '/s' } }],
  [
    'status --cluster',
    {
      type: 'cluster',
      json: false,
      nodes: { type: 'pods', selector: 'k8s-app=calico-node', namespace: 'kube-system' },
      ...CLUSTER_TIMES,
    },
  ],
  [
    'status --cluster --json --selector a=b -n calico-system --kubeconfig /k --context c --port 80 --parallel 7 --node-timeout 2s --timeout 2m --http-token-file /t',
    {
      type: 'cluster',
      json: true,
      nodes: { type: 'pods', selector: 'a=b', namespace: 'calico-system', kubeconfig: '/k', context: 'c' },
      ...{ port: 80, parallel: 7, nodeTimeout: 2, timeout: 120, tokenFile: '/t' },
    },
  ],
  [
    'status --cluster --addresses 10.0.0.1,10.0.0.2:81 --port 80',
    {
      type: 'cluster',
      json: false,
      nodes: {
        type: 'addresses',
        endpoints: [
          { type: 'tcp', address: '10.0.0.1', port: 80 },
          { type: 'tcp', address: '10.0.0.2', port: 81 },
        ],
      },
      port: 80,
      ...CLUSTER_TIMES,
    },
  ],
  [
    'status --cluster --addresses-file -',
    { type: 'cluster', json: false, nodes: { type: 'file', path: '-' }, ...CLUSTER_TIMES },
  ],
  ['explain 10.65.0.9/26', { type: 'explain', query: { target: '10.65.0.0/26' }, json: false }],
  ['explain fd00:0::1 --json', { type: 'explain', query: { target: 'fd00::1' }, json: true }],
  ['events', { type: 'events', json: false }],
  [
    'events 10.0.0.2 --json --http :9180 --http-token-file /t',
    {
      type: 'events',
      peer: '10.0.0.2',
      json: true,
      http: { type: 'tcp', address: '127.0.0.1', port: 9180, tokenFile: '/t' },
    },
  ],
  ['bundle', { type: 'bundle' }],
  ['bundle - --http unix:/s', { type: 'bundle', file: '-', http: { type: 'unix', path: '/s' } }],
  [
    'explain --peer Mesh_10_0_0_2 --http unix:/s',
    { type: 'explain', query: { peer: 'Mesh_10_0_0_2' }, json: false, http: { type: 'unix', path: '/s' } },
  ],
  [
    'explain 10.65.0.1 --peer a --resources /r --node n',
    { type: 'explain', query: { target: '10.65.0.1', peer: 'a' }, json: false, resources: '/r', node: 'n' },
  ],
  [
    'run --drain lower --node-status off --node-events on',
    { type: 'run', flags: { http: [], check: false, drain: 'lower', nodeStatus: 'off', nodeEvents: 'on' } },
  ],
  [
    'run --control /a/bird.ctl --control6 /a/bird6.ctl',
    { type: 'run', flags: { http: [], control: '/a/bird.ctl', control6: '/a/bird6.ctl', check: false } },
  ],
  ['run --final', { type: 'run', flags: { http: [], check: false, final: true } }],
  ['plan --resources /new', { type: 'plan', resources: '/new', json: false }],
  [
    'plan --resources /new --from /old --node a --json',
    { type: 'plan', resources: '/new', from: '/old', node: 'a', json: true },
  ],
  ['migrate a.conf', { type: 'migrate', file: 'a.conf', family: 'ipv4' }],
  [
    'migrate --bird 2 --family ipv6 --node n a.conf',
    { type: 'migrate', file: 'a.conf', node: 'n', bird: 2, family: 'ipv6' },
  ],
  ['lab up a.yaml', { type: 'lab', lab: { action: 'up', file: 'a.yaml' } }],
  ['lab show a.yaml', { type: 'lab', lab: { action: 'show', file: 'a.yaml' } }],
  ['lab page node-1', { type: 'lab', lab: { action: 'page', node: 'node-1' } }],
  ['lab page a.yaml node-1', { type: 'lab', lab: { action: 'page', file: 'a.yaml', node: 'node-1' } }],
  ['lab down a.yaml', { type: 'lab', lab: { action: 'down', file: 'a.yaml' } }],
  [
    'lab exec node-1 -- ping -c 1 10.0.0.2',
    { type: 'lab', lab: { action: 'exec', node: 'node-1', command: ['ping', '-c', '1', '10.0.0.2'] } },
  ],
  [
    'lab exec a.yaml node-1 -- ip route',
    { type: 'lab', lab: { action: 'exec', file: 'a.yaml', node: 'node-1', command: ['ip', 'route'] } },
  ],
  ['version', { type: 'version', json: false }],
  ['version --json', { type: 'version', json: true }],
  ['--version', { type: 'version', json: false }],
  ['help', { type: 'help' }],
  ['--help', { type: 'help' }],
  ['-h', { type: 'help' }],
  ['help run', { type: 'help', command: 'run' }],
  ['run --help', { type: 'help', command: 'run' }],
  ['lab -h', { type: 'help', command: 'lab' }],
];

test.each(COMMANDS)('caracal %s', (line, expected) => {
  expect(parseArguments(split(line))).toEqual(expected);
});

const MISTAKES: readonly [string, string][] = [
  ['status --selector a=b', '--selector goes with --cluster'],
  ['status --timeout 5s', '--timeout goes with --cluster'],
  ['status --cluster -w', '--watch shows one node: leave --cluster away'],
  ['status --cluster --http unix:/s', '--cluster asks many nodes: give them with --addresses, not with --http'],
  ['status --cluster --port 0', '--port: "0" is no number from 1 to 65535'],
  ['status --cluster --parallel 2000', '--parallel: "2000" is no number from 1 to 1000'],
  ['status --cluster --node-timeout 5', '--node-timeout: "5" is no time such as 90s, 5m or 1h'],
  ['status --cluster --addresses , ', '--addresses: there is no address'],
  ['status --cluster --addresses a', '--addresses: "a:9180": a is not an IP address; expected ADDR:PORT or unix:PATH'],
  ['status --cluster --addresses 10.0.0.1 --addresses-file f', '--addresses and --addresses-file exclude each other'],
  ['status --cluster --addresses 10.0.0.1 -n a', '--namespace looks for pods: leave --addresses away'],
  ['events a b', 'events takes one peer, not b too'],
  ['bundle a b', 'bundle writes one file, not b too'],
  [
    'status --http unix:/s --http-token-file /t',
    '--http-token-file goes with --http ADDR:PORT; a unix socket has its permissions',
  ],
  ['', 'a command is missing: run, status, explain, events, bundle, plan, migrate, lab, version, help'],
  ['stauts', 'unknown command stauts; did you mean status?'],
  ['frobnicate', 'unknown command frobnicate'],
  ['--nod', 'unknown option --nod'],
  ['run --nod x', 'unknown option --nod; did you mean --node?'],
  ['run --no-check', 'unknown option --no-check'],
  ['run -x', 'unknown option -x'],
  ['run --drain now', '--drain now is unknown, there are withdraw, lower, keep'],
  ['run --node-events no', '--node-events no is unknown, there are on, off; did you mean on?'],
  ['run --node', '--node needs a value: --node NAME'],
  ['run --node --check', '--node needs a value: --node NAME'],
  ['run --node=', '--node needs a value: --node NAME'],
  ['run --check=yes', '--check takes no value'],
  ['run --node a --node b', '--node is given twice'],
  ['run --datastore file', '--datastore file is unknown, there are files, kubernetes, etcdv3; did you mean files?'],
  ['run --kernel bsd', '--kernel bsd is unknown, there are linux, none'],
  [
    'run --log-level wran',
    '--log-level wran is unknown, there are trace, debug, info, warn, error, fatal; did you mean warn?',
  ],
  ['run --listen 10.0.0.1', '--listen: "10.0.0.1" is not an address and a port'],
  ['run --http x:1', '--http: "x:1": x is not an IP address; expected ADDR:PORT or unix:PATH'],
  ['run --kernel-table 0', '--kernel-table: "0" is not the number of a routing table, 1 to 4294967295'],
  ['run --kernel-table main', '--kernel-table: "main" is not the number of a routing table, 1 to 4294967295'],
  ['run --kernel-table 255', "--kernel-table: table 255 is the kernel's own"],
  ['run --kernel-protocol bird', '--kernel-protocol: "bird" is not the number of a route protocol, 5 to 255'],
  ['run --kernel-protocol 4', '--kernel-protocol: protocol 4 is for routes of the kernel and of people'],
  ['run --kernel-audit 1', '--kernel-audit: "1" is no time such as 90s, 5m or 1h'],
  ['run --kernel none --manage-tunnel', '--manage-tunnel makes no sense with --kernel none'],
  ['run --guard never', '--guard never is unknown, there are warn, hold'],
  ['run --guard-time 5', '--guard-time: "5" is no time such as 90s, 5m or 1h'],
  ['run --guard-time 169h', '--guard-time: "169h" is longer than 168h'],
  ['run now', 'run takes options only, not now'],
  ['run -- now', 'run takes options only, not now'],
  ['status --http unix:a', '--http: "unix:a" needs an absolute path after unix:'],
  ['status --http :1 --http :2', '--http is given twice'],
  ['explain', 'explain needs a prefix, an address, or --peer NAME: caracal explain 10.65.0.0/26'],
  ['explain web', '"web" is neither an address nor a prefix such as 10.65.0.0/26'],
  ['explain 10.0.0.1 10.0.0.2', 'explain takes one prefix or address, not 10.0.0.2 too'],
  ['explain 10.0.0.1 --node a', '--node goes with --resources'],
  ['explain 10.0.0.1 --resources /r --http :1', '--resources asks no daemon: leave --http away'],
  ['plan', 'plan needs the new resources: caracal plan --resources NEW'],
  ['plan /new', 'plan takes options only, not /new'],
  ['plan --resources /new --node a', '--node goes with --from; a daemon knows its node'],
  ['plan --resources /new --from /old --http :1', '--from asks no daemon: leave --http away'],
  ['version 2', 'version takes options only, not 2'],
  ['migrate', 'migrate needs the file: caracal migrate FILE'],
  ['migrate a b', 'migrate takes one file'],
  ['migrate a --bird two', '--bird two is unknown, there are 1, 2'],
  ['lab', 'lab needs an action: up, show, exec, page, down'],
  ['lab page', 'lab page needs a node: caracal lab page [FILE] NODE'],
  ['lab page a b c', 'lab page takes a file and a node, and nothing else'],
  ['lab dwon', 'unknown lab action dwon; did you mean down?'],
  ['lab donw', 'unknown lab action donw; did you mean down?'],
  ['lab ups', 'unknown lab action ups; did you mean up?'],
  ['lab up', 'lab up needs the file of the lab: caracal lab up FILE'],
  ['lab up a b', 'lab up takes one file and nothing else'],
  ['lab exec node-1', 'lab exec needs a command behind --: caracal lab exec [FILE] NODE -- COMMAND ...'],
  ['lab exec -- ls', 'lab exec needs a node: caracal lab exec [FILE] NODE -- COMMAND ...'],
  ['lab exec a b c -- ls', 'lab exec takes a file and a node before --: caracal lab exec [FILE] NODE -- COMMAND ...'],
  ['help rnu', 'unknown command rnu; did you mean run?'],
  ['help run status', 'help takes one command'],
];

test.each(MISTAKES)('caracal %s is refused in a sentence', (line, text) => {
  expect(parseArguments(split(line))).toEqual({ type: 'usageError', text });
});
