// The command line as a value, or as a sentence that says what is wrong with it. Pure: looks at no file and at no
// environment (environment.ts adds that).

import { type HttpEndpoint, parseHttpEndpoint, parseSocketAddress } from '../status/endpoint.ts';
import { parseTarget } from '../status/query.ts';
import { FOR_CLUSTER, parseCluster } from './cluster-arguments.ts';
import {
  BIRDS,
  COMMAND_NAMES,
  COMMANDS,
  DATASTORES,
  DRAINS,
  FAMILIES,
  GUARDS,
  KERNELS,
  LAB_ACTIONS,
  LOG_LEVELS,
  METRICS,
  SWITCHES,
} from './commands.ts';
import { type Flags, readFlags, usageError } from './flags.ts';
import { parseKernelProtocol, parseKernelTable } from './kernel-numbers.ts';
import { choice, parsed, type Value } from './option-values.ts';
import { didYouMean } from './suggest.ts';
import { parseTime } from './time.ts';
import type { ClusterFlags, Command, CommandName, KernelFlags, UsageError } from './types.ts';

export function parseArguments(argv: readonly string[]): Command | UsageError {
  const [first, ...rest] = argv;
  if (first === undefined) return usageError(`a command is missing: ${COMMAND_NAMES.join(', ')}`);
  if (first === '--help' || first === '-h') return { type: 'help' };
  if (first === '--version' || first === '-V') return { type: 'version', json: false };
  const name = COMMAND_NAMES.find((candidate) => candidate === first);
  if (name === undefined) {
    const what = first.startsWith('-') ? 'option' : 'command';
    return usageError(`unknown ${what} ${first}${didYouMean(first, COMMAND_NAMES)}`);
  }
  const flags = readFlags(COMMANDS[name].options, rest);
  if (flags.type === 'usageError') return flags;
  if (flags.values.has('help')) return { type: 'help', command: name };
  return PARSERS[name](flags);
}

const PARSERS: Readonly<Record<CommandName, (flags: Flags) => Command | UsageError>> = {
  run: parseRun,
  status: parseStatus,
  explain: parseExplain,
  events: parseEvents,
  bundle: parseBundle,
  plan: parsePlan,
  migrate: parseMigrate,
  lab: parseLab,
  version: (flags) => onlyOptions('version', flags) ?? { type: 'version', json: flags.values.has('json') },
  help: parseHelp,
};

function parseRun(flags: Flags): Command | UsageError {
  const superfluous = onlyOptions('run', flags);
  if (superfluous) return superfluous;
  const { values } = flags;
  const datastore = choice(values, 'datastore', DATASTORES);
  const kernel = kernelFlags(values);
  const logLevel = choice(values, 'log-level', LOG_LEVELS);
  const listen = parsed(values, 'listen', parseSocketAddress);
  const http = endpoints(values);
  const guard = choice(values, 'guard', GUARDS);
  const guardTime = parsed(values, 'guard-time', parseTime);
  const cluster = clusterFlags(values);
  const metrics = choice(values, 'metrics', METRICS);
  for (const result of [datastore, kernel, logLevel, listen, http, guard, guardTime, cluster, metrics]) {
    if (result?.type === 'usageError') return result;
  }
  const node = values.get('node')?.[0];
  const resources = values.get('resources')?.[0];
  const [user, control, control6] = ['user', 'control', 'control6'].map((name) => values.get(name)?.[0]);
  const calicoConfig = values.get('calico-config')?.[0];
  return {
    type: 'run',
    flags: {
      ...(user !== undefined && { user }),
      ...(control !== undefined && { control }),
      ...(control6 !== undefined && { control6 }),
      ...(node !== undefined && { node }),
      ...(datastore?.type === 'value' && { datastore: datastore.value }),
      ...(resources !== undefined && { resources }),
      ...(calicoConfig !== undefined && { calicoConfig }),
      ...(kernel.type === 'value' && kernel.value),
      ...(listen?.type === 'value' && { listen: listen.value }),
      http: http.type === 'value' ? http.value : [],
      ...(logLevel?.type === 'value' && { logLevel: logLevel.value }),
      ...(guard?.type === 'value' && { guard: guard.value }),
      ...(guardTime?.type === 'value' && { guardTime: guardTime.value }),
      ...(cluster.type === 'value' && cluster.value),
      ...(metrics?.type === 'value' && { metrics: metrics.value }),
      check: values.has('check'),
      ...(values.has('final') && { final: true }),
    },
  };
}

function clusterFlags(values: Flags['values']): Value<ClusterFlags> | UsageError {
  const nodeStatus = choice(values, 'node-status', SWITCHES);
  const nodeEvents = choice(values, 'node-events', SWITCHES);
  const drain = choice(values, 'drain', DRAINS);
  for (const result of [nodeStatus, nodeEvents, drain]) if (result?.type === 'usageError') return result;
  return {
    type: 'value',
    value: {
      ...(nodeStatus?.type === 'value' && { nodeStatus: nodeStatus.value }),
      ...(nodeEvents?.type === 'value' && { nodeEvents: nodeEvents.value }),
      ...(drain?.type === 'value' && { drain: drain.value }),
    },
  };
}

const FOR_LINUX = ['kernel-table', 'kernel-protocol', 'kernel-audit', 'manage-tunnel'];

function kernelFlags(values: Flags['values']): Value<KernelFlags> | UsageError {
  const kernel = choice(values, 'kernel', KERNELS);
  const table = parsed(values, 'kernel-table', parseKernelTable);
  const protocol = parsed(values, 'kernel-protocol', parseKernelProtocol);
  const audit = parsed(values, 'kernel-audit', parseTime);
  for (const result of [kernel, table, protocol, audit]) if (result?.type === 'usageError') return result;
  const pointless = FOR_LINUX.find((name) => values.has(name));
  if (kernel?.type === 'value' && kernel.value === 'none' && pointless !== undefined) {
    return usageError(`--${pointless} makes no sense with --kernel none`);
  }
  return {
    type: 'value',
    value: {
      ...(kernel?.type === 'value' && { kernel: kernel.value }),
      ...(table?.type === 'value' && { kernelTable: table.value }),
      ...(protocol?.type === 'value' && { kernelProtocol: protocol.value }),
      ...(audit?.type === 'value' && { kernelAudit: audit.value }),
      ...(values.has('manage-tunnel') && { manageTunnel: true }),
    },
  };
}

function parseStatus(flags: Flags): Command | UsageError {
  const superfluous = onlyOptions('status', flags);
  if (superfluous) return superfluous;
  if (flags.values.has('cluster')) return parseCluster(flags);
  const pointless = FOR_CLUSTER.find((name) => flags.values.has(name));
  if (pointless !== undefined) return usageError(`--${pointless} goes with --cluster`);
  const http = endpoints(flags.values);
  if (http.type === 'usageError') return http;
  const [endpoint] = http.value;
  return {
    type: 'status',
    json: flags.values.has('json'),
    watch: flags.values.has('watch'),
    ...(endpoint && { http: endpoint }),
  };
}

function parseExplain({ positionals, values, rest }: Flags): Command | UsageError {
  const [text, more] = positionals;
  const superfluous = more ?? rest?.[0];
  if (superfluous !== undefined) return usageError(`explain takes one prefix or address, not ${superfluous} too`);
  const peer = values.get('peer')?.[0];
  if (text === undefined && peer === undefined) {
    return usageError('explain needs a prefix, an address, or --peer NAME: caracal explain 10.65.0.0/26');
  }
  const target = text === undefined ? undefined : parseTarget(text);
  if (text !== undefined && target === undefined) {
    return usageError(`"${text}" is neither an address nor a prefix such as 10.65.0.0/26`);
  }
  const http = endpoints(values);
  if (http.type === 'usageError') return http;
  const [endpoint] = http.value;
  const resources = values.get('resources')?.[0];
  const node = values.get('node')?.[0];
  if (resources !== undefined && endpoint) return usageError('--resources asks no daemon: leave --http away');
  if (resources === undefined && node !== undefined) return usageError('--node goes with --resources');
  return {
    type: 'explain',
    query: { ...(target !== undefined && { target }), ...(peer !== undefined && { peer }) },
    json: values.has('json'),
    ...(endpoint && { http: endpoint }),
    ...(resources !== undefined && { resources }),
    ...(node !== undefined && { node }),
  };
}

function parseEvents({ positionals, values, rest }: Flags): Command | UsageError {
  const [peer, more] = positionals;
  const superfluous = more ?? rest?.[0];
  if (superfluous !== undefined) return usageError(`events takes one peer, not ${superfluous} too`);
  const http = endpoints(values);
  if (http.type === 'usageError') return http;
  const [endpoint] = http.value;
  return {
    type: 'events',
    json: values.has('json'),
    ...(peer !== undefined && { peer }),
    ...(endpoint && { http: endpoint }),
  };
}

function parseBundle({ positionals, values, rest }: Flags): Command | UsageError {
  const [file, more] = positionals;
  const superfluous = more ?? rest?.[0];
  if (superfluous !== undefined) return usageError(`bundle writes one file, not ${superfluous} too`);
  const http = endpoints(values);
  if (http.type === 'usageError') return http;
  const [endpoint] = http.value;
  return { type: 'bundle', ...(file !== undefined && { file }), ...(endpoint && { http: endpoint }) };
}

function parsePlan(flags: Flags): Command | UsageError {
  const superfluous = onlyOptions('plan', flags);
  if (superfluous) return superfluous;
  const { values } = flags;
  const [resources, from, node] = ['resources', 'from', 'node'].map((name) => values.get(name)?.[0]);
  if (resources === undefined) return usageError('plan needs the new resources: caracal plan --resources NEW');
  const http = endpoints(values);
  if (http.type === 'usageError') return http;
  const [endpoint] = http.value;
  if (from !== undefined && endpoint) return usageError('--from asks no daemon: leave --http away');
  if (from === undefined && node !== undefined) return usageError('--node goes with --from; a daemon knows its node');
  return {
    type: 'plan',
    resources,
    ...(from !== undefined && { from }),
    ...(node !== undefined && { node }),
    json: values.has('json'),
    ...(endpoint && { http: endpoint }),
  };
}

function parseMigrate({ values, positionals, rest }: Flags): Command | UsageError {
  const [file, more] = positionals;
  if (file === undefined) return usageError('migrate needs the file: caracal migrate FILE');
  if (more !== undefined || rest !== undefined) return usageError('migrate takes one file');
  const bird = choice(values, 'bird', BIRDS);
  const family = choice(values, 'family', FAMILIES);
  for (const result of [bird, family]) if (result?.type === 'usageError') return result;
  const node = values.get('node')?.[0];
  return {
    type: 'migrate',
    file,
    ...(node !== undefined && { node }),
    ...(bird?.type === 'value' && { bird: bird.value === '1' ? 1 : 2 }),
    family: family?.type === 'value' ? family.value : 'ipv4',
  };
}

function parseLab({ positionals, rest }: Flags): Command | UsageError {
  const [word, ...names] = positionals;
  if (word === undefined) return usageError(`lab needs an action: ${LAB_ACTIONS.join(', ')}`);
  const action = LAB_ACTIONS.find((candidate) => candidate === word);
  if (action === undefined) return usageError(`unknown lab action ${word}${didYouMean(word, LAB_ACTIONS)}`);
  if (action === 'exec') return parseLabExec(names, rest);
  if (action === 'page') return parseLabPage(names, rest);
  const [file, more] = names;
  if (file === undefined) return usageError(`lab ${action} needs the file of the lab: caracal lab ${action} FILE`);
  if (more !== undefined || rest !== undefined) return usageError(`lab ${action} takes one file and nothing else`);
  return { type: 'lab', lab: { action, file } };
}

function parseLabPage(
  [first, second, more]: readonly string[],
  rest: readonly string[] | undefined,
): Command | UsageError {
  if (first === undefined) return usageError('lab page needs a node: caracal lab page [FILE] NODE');
  if (more !== undefined || rest !== undefined) return usageError('lab page takes a file and a node, and nothing else');
  if (second === undefined) return { type: 'lab', lab: { action: 'page', node: first } };
  return { type: 'lab', lab: { action: 'page', file: first, node: second } };
}

function parseLabExec(names: readonly string[], command: readonly string[] | undefined): Command | UsageError {
  const usage = 'caracal lab exec [FILE] NODE -- COMMAND ...';
  if (command === undefined || command.length === 0) return usageError(`lab exec needs a command behind --: ${usage}`);
  const [first, second, more] = names;
  if (first === undefined) return usageError(`lab exec needs a node: ${usage}`);
  if (more !== undefined) return usageError(`lab exec takes a file and a node before --: ${usage}`);
  if (second === undefined) return { type: 'lab', lab: { action: 'exec', node: first, command } };
  return { type: 'lab', lab: { action: 'exec', file: first, node: second, command } };
}

function parseHelp({ positionals, rest }: Flags): Command | UsageError {
  const [word, more] = positionals;
  if (more !== undefined || rest !== undefined) return usageError('help takes one command');
  if (word === undefined) return { type: 'help' };
  const command = COMMAND_NAMES.find((candidate) => candidate === word);
  if (command === undefined) return usageError(`unknown command ${word}${didYouMean(word, COMMAND_NAMES)}`);
  return { type: 'help', command };
}

function onlyOptions(name: CommandName, { positionals, rest }: Flags): UsageError | undefined {
  const superfluous = positionals[0] ?? rest?.[0];
  return superfluous === undefined ? undefined : usageError(`${name} takes options only, not ${superfluous}`);
}

function endpoints(values: Flags['values']): Value<readonly HttpEndpoint[]> | UsageError {
  const found: HttpEndpoint[] = [];
  const tokenFile = values.get('http-token-file')?.[0];
  for (const text of values.get('http') ?? []) {
    const result = parseHttpEndpoint(text);
    if ('problem' in result) return usageError(`--http: ${result.problem}`);
    const { value } = result;
    found.push(value.type === 'tcp' && tokenFile !== undefined ? { ...value, tokenFile } : value);
  }
  if (tokenFile !== undefined && !found.some(({ type }) => type === 'tcp')) {
    return usageError('--http-token-file goes with --http ADDR:PORT; a unix socket has its permissions');
  }
  return { type: 'value', value: found };
}
