// Verdicts in words: one clause each, in the terms of Calico and BGP.

import type { Family } from 'node-bgp';
import type { Explanation, Origin } from '../policy/index.ts';
import type { ExportExplanation, ImportExplanation } from '../rib/index.ts';
import type { Reason } from './explanation.ts';

type Loop = Extract<ImportExplanation, { type: 'loop' }>['loop'];
type Obstacle = Extract<ExportExplanation, { type: 'obstacle' }>['obstacle'];

const LOOPS: Readonly<Record<Loop, string>> = {
  originatorId: 'a loop: this node itself announced it first (ORIGINATOR_ID is its router ID)',
  clusterList: 'a loop: it has been in the cluster of this reflector before (CLUSTER_LIST)',
  asPath: 'a loop: the own AS is in its AS path, more often than numAllowedLocalASNumbers allows',
  leak: 'a leak: it is on its way down to customers (ONLY_TO_CUSTOMER), and must not come from this peer',
};

const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  insideAs: 'learned from a peer of the own AS, and only a route reflector passes that on inside the AS',
  clusterList: 'it has been in the cluster of this reflector before, so the client has it (CLUSTER_LIST)',
  noAdvertise: 'it carries the community NO_ADVERTISE',
  llgrStale: 'it carries the community LLGR_STALE, and the peer does not know what that means',
  noExport: 'it carries the community NO_EXPORT, and the peer is in another AS',
  noPeer: 'it carries the community NO_PEER, and the role towards the peer is peer',
  onlyToCustomer: 'it is on its way down to customers (ONLY_TO_CUSTOMER), and the peer is none',
};

export const OWN_ROUTE: Reason = { text: 'it came from this peer' };
export const NO_ROOM: Reason = { text: 'its attributes leave no room for it in a message' };
export const IPV6_NEXT_HOP: Reason = {
  text: 'its next hop is an IPv6 address, and extended next hops (RFC 8950) were not agreed on with the peer',
};

export function importReason(result: ImportExplanation, detailed: boolean): Reason {
  if (result.type === 'loop') return { text: LOOPS[result.loop] };
  if (result.type === 'martian')
    return { text: 'no router passes such a destination on (loopback, link-local, multicast, reserved)' };
  return policyReason(result.explanation, 'no BGPFilter rejects it', 'no rule accepts it', detailed);
}

export function exportReason(result: ExportExplanation, detailed: boolean): Reason {
  if (result.type === 'obstacle') return { text: OBSTACLES[result.obstacle] };
  const nobody = 'no BGPFilter, own block, service or IPPool accepts it';
  return policyReason(result.explanation, 'no rule rejects it', nobody, detailed);
}

export function kernelReason(explanation: Explanation, detailed: boolean): Reason {
  return policyReason(
    explanation,
    'outside all IPPools, which is for this daemon',
    'this node programs no routes',
    detailed,
  );
}

export function withoutFamily(family: Family): Reason {
  return { text: `the session carries no ${family === 'ipv4' ? 'IPv4' : 'IPv6'}` };
}

/**
 * @param byDefault where no rule decided and the policy accepts
 * @param byNobody where no rule decided and the policy rejects
 */
function policyReason(explanation: Explanation, byDefault: string, byNobody: string, detailed: boolean): Reason {
  const { accepted, decidedBy, error, trace } = explanation;
  const steps = detailed ? { trace } : {};
  if (error !== undefined) return { text: `the policy fails: ${error}`, ...ruleOf(decidedBy), ...steps };
  if (decidedBy === undefined) return { text: accepted ? byDefault : byNobody, ...steps };
  return { text: `${accepted ? 'accepted' : 'rejected'} by ${ruleText(decidedBy)}`, rule: decidedBy, ...steps };
}

function ruleOf(rule: Origin | undefined): { readonly rule?: Origin } {
  return rule === undefined ? {} : { rule };
}

/** `BGPFilter lab, exportV4[2]`, `IPPool pods-ipv4 (pools without BGP export)`, `the step "tunnel routes"`. */
export function ruleText({ resource, rule, step }: Origin): string {
  if (resource === undefined) return `the step "${step ?? ''}"`;
  if (rule !== undefined) return `${resource}, ${rule}`;
  return step === undefined ? resource : `${resource} (${step})`;
}
