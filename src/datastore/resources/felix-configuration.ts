// FelixConfiguration: the few fields that must agree with BGPConfiguration, and whether they do. All else is Felix's own.

import type { ResourceProblem } from '../types.ts';
import { defined, type Field } from './reader.ts';
import type { BGPConfiguration, ClusterRoutesOwner, FelixConfiguration, Metadata } from './types.ts';
import { integer, oneOf } from './values.ts';

const OWNERS = ['Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly'] as const;
const MAX_PRIORITY = 2_147_483_646;
const NORMAL_PRIORITY = 1024;

/** Objects of other names (`node.<name>`) are of no interest. Nothing in it is refused here: it is Felix that obeys it. */
export function readFelixConfiguration(metadata: Metadata, document: Field): FelixConfiguration | undefined {
  if (metadata.name !== 'default') return undefined;
  const spec = document.at('spec').tolerant();
  return defined({
    kind: 'FelixConfiguration',
    metadata,
    programClusterRoutes: spec.read('programClusterRoutes', oneOf(OWNERS)),
    ipv4NormalRoutePriority: spec.read('ipv4NormalRoutePriority', integer(1, MAX_PRIORITY)),
    ipv6NormalRoutePriority: spec.read('ipv6NormalRoutePriority', integer(1, MAX_PRIORITY)),
  });
}

/** What the daemon has to leave to Felix, and the other way round: together they own every route once. */
const COMPLEMENT: Readonly<Record<ClusterRoutesOwner, ClusterRoutesOwner>> = {
  Enabled: 'Disabled',
  Disabled: 'Enabled',
  EnabledIPIPOnly: 'EnabledNoEncapOnly',
  EnabledNoEncapOnly: 'EnabledIPIPOnly',
};

/** Warnings about the BGPConfiguration `default` (or its absence) beside this FelixConfiguration. */
export function felixDisagreements(felix: FelixConfiguration, bgp: BGPConfiguration | undefined): ResourceProblem[] {
  const problems: ResourceProblem[] = [];
  const warn = (path: string, text: string) =>
    problems.push({ kind: 'BGPConfiguration', name: 'default', path: `spec.${path}`, text, severity: 'warning' });
  const own = bgp?.programClusterRoutes ?? 'EnabledNoEncapOnly';
  const theirs = felix.programClusterRoutes ?? 'EnabledIPIPOnly';
  if (COMPLEMENT[own] !== theirs) {
    const text = `is ${own} while Felix has ${theirs}: some routes have two owners or none; Felix should have ${COMPLEMENT[own]}`;
    warn('programClusterRoutes', text);
  }
  for (const field of ['ipv4NormalRoutePriority', 'ipv6NormalRoutePriority'] as const) {
    const [here, there] = [bgp?.[field] ?? NORMAL_PRIORITY, felix[field] ?? NORMAL_PRIORITY];
    if (here !== there) warn(field, `is ${here} while Felix has ${there}: migrating workloads are misjudged`);
  }
  return problems;
}
