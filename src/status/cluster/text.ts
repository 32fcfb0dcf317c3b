// The cluster as a page for people: one line about all, then only what is wrong, by cause, in as few lines as it takes.

import { groupHoles } from './groups.ts';
import type { Cause, ClusterReport, HoleGroup } from './types.ts';

const TITLES: Readonly<Record<Cause, string>> = {
  silent: 'No session, and no answer from the other end',
  as: 'AS numbers that do not fit',
  routerID: 'Router IDs that do not fit',
  password: 'Passwords that do not fit',
  role: 'Roles that do not fit',
  version: 'Versions of BGP that do not fit',
  unconfigured: 'Sessions that only one end knows of',
  unknown: 'Sessions of the mesh that neither end knows of',
  firewall: 'Packets that do not arrive',
  unroutable: 'Nodes that others have no way to',
  refused: 'Connections that are refused',
  closed: 'Connections that are closed at once',
  lost: 'Sessions that broke',
  shutdown: 'Sessions that somebody has shut down',
  limit: 'Sessions with too many routes',
  other: 'Other ends of sessions',
  family: 'Families that one end does not carry',
  halfUp: 'Sessions that are up at one end only',
  away: 'Nodes that are away',
  pending: 'Sessions that are only beginning',
};

const MOST_ENTRIES = 20;
const MOST_NAMES = 3;

/** @param seconds that asking took */
export function clusterText(report: ClusterReport, seconds: number): string {
  const groups = Map.groupBy(groupHoles(report.holes), ({ cause }) => cause);
  const blocks = [
    summary(report, seconds),
    listText('No answer', silenceTexts(report)),
    listText(
      'Not ready',
      report.troubled.map(({ node, reasons }) => `${node}: ${reasons.join('; ')}`),
    ),
    ...Array.from(groups, ([cause, group]) => listText(TITLES[cause], group.map(groupText))),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** Nothing is missing, as far as was asked. */
export function isWholeCluster({ nodes, holes }: ClusterReport): boolean {
  return nodes.answered === nodes.asked && holes.length === 0;
}

function summary(report: ClusterReport, seconds: number): string {
  const { nodes, sessions, versions, holes } = report;
  const { asked, answered } = nodes;
  const everybody =
    asked === answered
      ? `${count(asked, 'node')} asked, all answered`
      : `${number(answered)} of ${count(asked, 'node')} answered`;
  const others = sessions.others.expected === 0 ? '' : `, ${ratio(sessions.others)} with others`;
  const differing = Object.entries(versions).sort(([, a], [, b]) => b.length - a.length);
  return [
    `${everybody} (${seconds.toFixed(1)} s). Sessions that are up: ${ratio(sessions.nodes)} between nodes${others}.`,
    ...(differing.length > 1 ? [`Versions differ: ${differing.map(versionText).join('; ')}.`] : []),
    ...(isWholeCluster(report) ? ['Nothing is missing.'] : []),
    ...(holes.length > 0 ? [`${count(holes.length, 'session')} to look at.`] : []),
  ].join('\n');
}

function versionText([version, nodes]: [string, readonly string[]]): string {
  return `${version} on ${some(nodes)}`;
}

function ratio({ expected, established }: { readonly expected: number; readonly established: number }): string {
  return `${number(established)} of ${number(expected)}`;
}

/** Many may be silent for one reason, such as a right that is missing. */
function silenceTexts({ silent }: ClusterReport): readonly string[] {
  const reasons = Map.groupBy(silent, ({ reason }) => reason);
  return Array.from(reasons, ([reason, nodes]) => `${some(nodes.map(({ node }) => node))}: ${reason}`);
}

/** Two lines: who with whom, and what it is. */
function groupText({ from, to, oneWay, example }: HoleGroup): string {
  const arrow = oneWay ? '->' : '<->';
  const instance = from.length === 1 && to.length === 1 ? '' : 'for instance ';
  const help = example.help === undefined ? '' : `; ${example.help}`;
  return `${some(from)} ${arrow} ${some(to)}\n      ${instance}${example.text}${help}`;
}

/** `node-1, node-2, node-3 and 1,996 more`. */
function some(names: readonly string[]): string {
  const first = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${first} and ${number(names.length - MOST_NAMES)} more` : first;
}

function listText(title: string, entries: readonly string[]): string {
  if (entries.length === 0) return '';
  const more = entries.length - MOST_ENTRIES;
  const lines = more > 0 ? [...entries.slice(0, MOST_ENTRIES), `and ${number(more)} more`] : entries;
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function count(of: number, one: string): string {
  return `${number(of)} ${of === 1 ? one : `${one}s`}`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
