// A plan as text for people: what comes (+), goes (-), starts anew (!) or changes (~), each with its reason. Long lists are
// cut; the JSON has all of it.

import type { RouteAttributes } from '../speaker/explanation.ts';
import type { AdvertisementChange, KernelRouteChange, Plan, SessionChange, ToldChange } from '../speaker/planning.ts';
import { problemText } from './text.ts';

/** Lines of one list. */
const SHOWN = 20;
/** Names of peers that are written out. */
const NAMED = 3;

type Lines = readonly string[];

export function planText(plan: Plan): string {
  const { node, sessions, nodeChanges, advertisements, kernelRoutes, dangers, problems } = plan;
  const blocks = [
    section('Sessions', sessionLines(sessions)),
    section('Node', nodeChanges),
    section('Told to peers', advertisements.flatMap(advertisementLines)),
    section('Kernel routes', cut(kernelRoutes.map(kernelLine))),
    section('Stopped by --guard hold', dangers.map(problemText)),
    section('New problems', cut(problems.map(problemText))),
  ].filter((lines) => lines.length > 0);
  const head = `Plan for ${node}: ${summaryText(plan)}`;
  return `${[[head], ...blocks].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Would anything happen? Problems alone are no change. */
export function changesAnything({ sessions, nodeChanges, advertisements, kernelRoutes }: Plan): boolean {
  return [sessions, nodeChanges, advertisements, kernelRoutes].some((list) => list.length > 0);
}

function section(title: string, lines: Lines): Lines {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}

function cut(lines: Lines): Lines {
  if (lines.length <= SHOWN) return lines;
  return [...lines.slice(0, SHOWN - 1), `and ${lines.length - SHOWN + 1} more (--json has them all)`];
}

function summaryText({ sessions, nodeChanges, advertisements, kernelRoutes }: Plan): string {
  const of = (change: SessionChange['change']) => sessions.filter((session) => session.change === change).length;
  const told = new Set(advertisements.flatMap(({ changes }) => changes.map(({ prefix }) => prefix))).size;
  const parts = [
    ...(['added', 'removed', 'reset', 'updated'] as const).flatMap((change) =>
      of(change) === 0 ? [] : [`${count(of(change), 'session')} ${change === 'updated' ? 'updated in place' : change}`],
    ),
    ...(told === 0 ? [] : [`${count(told, 'prefix', 'prefixes')} told differently`]),
    ...(kernelRoutes.length === 0 ? [] : [`${count(kernelRoutes.length, 'kernel route')} changed`]),
  ];
  if (parts.length > 0) return parts.join(', ');
  return nodeChanges.length > 0 ? 'the node alone changes' : 'nothing changes';
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

const MARKS: Readonly<Record<SessionChange['change'], string>> = { added: '+', removed: '-', reset: '!', updated: '~' };
const ORDER: readonly SessionChange['change'][] = ['removed', 'reset', 'added', 'updated'];

/** What costs most comes first. Updated ones are many and harmless: those of one cause share a line. */
function sessionLines(sessions: readonly SessionChange[]): Lines {
  return ORDER.flatMap((change) => {
    const those = sessions.filter((session) => session.change === change);
    return change === 'updated' ? updatedLines(those) : cut(those.map(sessionLine));
  });
}

function sessionLine({ name, address, change, causes, origin }: SessionChange): string {
  const why = change === 'reset' ? `reset by ${causes.join(', ')}` : `${change} (${origin.join(', ')})`;
  return `${MARKS[change]} ${name} (${address}): ${why}`;
}

function updatedLines(sessions: readonly SessionChange[]): Lines {
  const byCause = Map.groupBy(sessions, ({ causes }) => causes.join(', '));
  return cut(
    Array.from(byCause, ([causes, those]) => `~ ${someOf(those.map(({ name }) => name))}: stays, with a new ${causes}`),
  );
}

function advertisementLines({ peers, changes }: AdvertisementChange): Lines {
  return [someOf(peers), ...cut(changes.map(toldLine)).map((line) => `  ${line}`)];
}

function toldLine({ prefix, before, after, reason }: ToldChange): string {
  if (before === undefined) return `+ ${prefix}: ${reason}`;
  return after === undefined ? `- ${prefix}: ${reason}` : `~ ${prefix}: ${differenceText(before, after)}`;
}

/** `localPref 100 becomes 200` */
function differenceText(before: RouteAttributes, after: RouteAttributes): string {
  const names = ['nextHop', 'asPath', 'origin', 'localPref', 'med', 'communities'] as const;
  const text = (value: RouteAttributes[(typeof names)[number]]) => String(value ?? '').replaceAll(',', ' ') || 'none';
  const different = names.filter((name) => text(before[name]) !== text(after[name]));
  return different.map((name) => `${name} ${text(before[name])} becomes ${text(after[name])}`).join('; ');
}

function kernelLine({ prefix, before, after, reason }: KernelRouteChange): string {
  if (before === undefined) return `+ ${prefix} ${after ?? ''}: ${reason}`;
  return after === undefined ? `- ${prefix} ${before}: ${reason}` : `~ ${prefix} ${before} becomes ${after}: ${reason}`;
}

function someOf(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
