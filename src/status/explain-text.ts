// Explanations as text for people: short lines, what counts first. A pure function of what `GET /explain` answers.

import type {
  ExportOutcome,
  PathExplanation,
  PrefixExplanation,
  Reason,
  RouteAttributes,
  ToldPath,
} from '../speaker/explanation.ts';
import type { ExplainReport, PeerExplanation, PolicyReport } from './explain.ts';
import { problemText } from './text.ts';
import { durationText, sinceText } from './time.ts';

export function explainText(report: ExplainReport): string {
  const blocks = report.type === 'prefix' ? prefixBlocks(report) : peerBlocks(report);
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

type Lines = readonly string[];

const indent = (lines: Lines, by = '  '): Lines => lines.map((line) => `${by}${line}`);
const section = (title: string, lines: Lines): Lines => (lines.length === 0 ? [] : [title, ...indent(lines)]);

// --- a prefix

function prefixBlocks(report: PrefixExplanation): readonly Lines[] {
  const { asked, prefix, node, paths, exports, running } = report;
  const around = report.inside.length === 0 ? [] : [`Less specific: ${report.inside.join(', ')}`];
  if (prefix === undefined) {
    const missing = running ? 'no peer announces it, and ' : '';
    return [
      [`${asked} on ${node}: not in the routing table; ${missing}no resource makes it a route of this node`],
      around,
    ];
  }
  return [
    [`${prefix} on ${node}${prefix === asked ? '' : `, the longest match for ${asked}`}`],
    section('Paths', paths.flatMap(pathLines)),
    section(
      'Peers',
      exports.flatMap((outcome) => outcomeLines(outcome, running)),
    ),
    section('Kernel', kernelLines(report)),
    around,
  ];
}

function pathLines(path: PathExplanation): Lines {
  const { protocol, peer, madeBy, best, accepted, decidedBy } = path;
  const from = peer === undefined ? madeBy : `${peer.address}, AS ${peer.asNumber}`;
  const standing = best
    ? `best: ${decidedBy ?? 'only path'}`
    : accepted
      ? `not best: ${decidedBy ?? 'decided shortly'}`
      : '';
  return [
    `${protocol}${from === undefined ? '' : ` (${from})`}`,
    ...indent([
      ...(standing === '' ? [] : [standing]),
      ...(path.import === undefined ? [] : reasonLines(`${accepted ? 'let in' : 'kept out'}: `, path.import)),
      ...(path.stale ? ['kept while the peer restarts'] : []),
      peer === undefined ? hopText(path) : attributesText(path.attributes, hopText(path)),
    ]),
  ];
}

function hopText({ attributes, interface: device, gateway, unreachable }: PathExplanation): string {
  const { nextHop } = attributes;
  if (nextHop === undefined)
    return device === undefined ? 'blackhole: what nothing more specific takes is dropped' : `through ${device}`;
  if (unreachable) return `next hop ${nextHop}, to which no route leads`;
  const way = [
    gateway === undefined || gateway === nextHop ? '' : ` via ${gateway}`,
    device === undefined ? '' : ` through ${device}`,
  ];
  return `next hop ${nextHop}${way.join('')}`;
}

function attributesText({ asPath, origin, localPref, med, communities }: RouteAttributes, hop: string): string {
  return [
    ...(hop === '' ? [] : [hop]),
    asPath === '' ? 'AS path empty' : `AS path ${asPath}`,
    ...(localPref === undefined ? [] : [`LOCAL_PREF ${localPref}`]),
    ...(med === undefined ? [] : [`MED ${med}`]),
    ...(communities.length === 0 ? [] : [`communities ${communities.join(' ')}`]),
    ...(origin === 'IGP' ? [] : [`origin ${origin}`]),
  ].join('; ');
}

/** Names of peers that are written out. */
const NAMED = 3;

function outcomeLines({ peers, established, paths }: ExportOutcome, running: boolean): Lines {
  const names = `${peers.slice(0, NAMED).join(', ')}${peers.length > NAMED ? ` and ${peers.length - NAMED} more` : ''}`;
  const whom = `${names}${!established && running ? ', which has no session now' : ''}`;
  if (paths.length === 0) return [`nothing to ${whom}: no path may be used`];
  return paths.flatMap((path) => toldLines(path, whom, established, paths.length > 1));
}

function toldLines(
  { protocol, sent, reason, attributes }: ToldPath,
  whom: string,
  established: boolean,
  several: boolean,
): Lines {
  const verb = established ? (sent ? 'sent' : 'not sent') : sent ? 'would be sent' : 'would not be sent';
  const which = several ? ` (path of ${protocol})` : '';
  const nextHop = attributes?.nextHop === undefined ? '' : `next hop ${attributes.nextHop}`;
  return [
    `${verb} to ${whom}${which}`,
    ...indent([...reasonLines('', reason), ...(attributes === undefined ? [] : [attributesText(attributes, nextHop)])]),
  ];
}

/** Of a trace the steps that did something: the others are many, and say the same. */
function reasonLines(label: string, { text, trace = [] }: Reason): Lines {
  const active = trace.filter(({ outcome }) => outcome !== 'notMatched' && outcome !== 'unchanged');
  const passed = trace.length - active.length;
  return [
    `${label}${text}`,
    ...indent([
      ...active.map((step) => `${step.text}  [${step.outcome}]`),
      ...(passed > 0 ? [`(${passed} more without effect)`] : []),
    ]),
  ];
}

function kernelLines({ kernel, running }: PrefixExplanation): Lines {
  const { route, reason, installed, trouble } = kernel;
  if (route === undefined) return ['no route of this daemon', ...indent(reasonLines('', reason))];
  const hops = route.nextHops.map(
    ({ gateway, device }) => `${gateway === undefined ? '' : ` via ${gateway}`} dev ${device}`,
  );
  const type = route.type === 'unicast' ? '' : `${route.type} `;
  const state = installed ? 'in place' : `not in the kernel${trouble === undefined ? ' yet' : `: ${trouble}`}`;
  return [
    `${type}${route.prefix}${hops.join('')}${route.metric === 0 ? '' : ` metric ${route.metric}`}`,
    ...indent([...reasonLines('', reason), ...(running && installed !== undefined ? [state] : [])]),
  ];
}

// --- a peer

function peerBlocks(report: PeerExplanation): readonly Lines[] {
  const { peer, node, options, problems, running } = report;
  const width = Math.max(...options.map(({ option }) => option.length));
  const value = Math.max(...options.map((option) => option.value.length));
  return [
    [`${peer.name} on ${node}${peer.description === undefined ? '' : `: ${peer.description}`}`],
    section('Made by', peer.origin),
    section('Session', running ? sessionLines(report) : ['made of resources alone: no session']),
    section(
      'Options',
      options.map((row) => `${row.option.padEnd(width)}  ${row.value.padEnd(value)}  ${row.because}`),
    ),
    section('Lets in', policyLines(report.import)),
    section('Lets out', policyLines(report.export)),
    section('Problems', problems.map(problemText)),
  ];
}

function sessionLines({ peer, now }: PeerExplanation): Lines {
  const { info, since, lastError, retryAt, connection, counters } = peer;
  const age = durationText(Date.parse(now) - Date.parse(since));
  const established = peer.state === 'Established';
  return [
    `${info}, since ${sinceText(since, now)} (${age})`,
    ...(connection === undefined ? [] : [`connection from ${connection.local} to ${connection.remote}`]),
    ...(lastError === undefined ? [] : [`last error at ${sinceText(lastError.at, now)}: ${lastError.text}`]),
    ...(retryAt === undefined || established ? [] : [`next attempt at ${sinceText(retryAt, now)}`]),
    ...(established
      ? [
          `paths received: ${counters.received}, of them let in: ${counters.accepted}; prefixes sent: ${counters.advertised}`,
        ]
      : []),
  ];
}

function policyLines({ steps, otherwise }: PolicyReport): Lines {
  return [
    ...steps.map(({ step, resources }) => (resources.length === 0 ? step : `${step}: ${resources.join(', ')}`)),
    `anything else: ${otherwise}ed`,
  ];
}
