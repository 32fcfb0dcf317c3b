// Why a path was let in, and why it is or is not sent: the same steps as ImportPolicy and ExportPolicy, for one path, with
// the reasons. Not here: which path is best (decision.ts), whether a session exists (the speaker).

import type { Attributes } from 'node-bgp';
import {
  type Explanation,
  evaluate,
  explain,
  type Policy,
  type PolicyPeer,
  type PolicyRoute,
} from '../policy/index.ts';
import { emptyRoute } from './export-policy.ts';
import { arriving, findLoop, type Loop, type LoopRules } from './import-policy.ts';
import type { Row } from './path-table.ts';
import type { PrefixId } from './prefix-table.ts';
import type { RibTables } from './tables.ts';
import { type ExportObstacle, type ExportTarget, exportObstacle, finishExport, prepareForExport } from './transform.ts';

export type ImportExplanation =
  | { readonly type: 'loop'; readonly loop: Loop }
  | { readonly type: 'martian' }
  | { readonly type: 'policy'; readonly explanation: Explanation };

export type ExportExplanation =
  | { readonly type: 'obstacle'; readonly obstacle: ExportObstacle }
  /** `attributes` as they go on the wire, where the policy accepts. */
  | { readonly type: 'policy'; readonly explanation: Explanation; readonly attributes: Attributes };

export function explainImport(
  tables: RibTables,
  prefix: PrefixId,
  row: Row,
  policy: Policy,
  peer: PolicyPeer,
  loops: LoopRules,
): ImportExplanation {
  if (tables.prefixes.isMartian(prefix)) return { type: 'martian' };
  const { attributes } = tables.attributes.get(tables.paths.received[row]!);
  const loop = findLoop(attributes, loops);
  if (loop !== undefined) return { type: 'loop', loop };
  const route = describedRoute(tables, prefix, row, peer);
  route.preference = tables.sources[tables.paths.source[row]!]!.info.preference;
  route.attributes = arriving(attributes, loops);
  return { type: 'policy', explanation: explain(policy, route) };
}

/** @param row a path that import let in */
export function explainExport(
  tables: RibTables,
  prefix: PrefixId,
  row: Row,
  policy: Policy,
  peer: PolicyPeer,
  target: ExportTarget,
): ExportExplanation {
  const source = tables.sources[tables.paths.source[row]!]!.info;
  const { attributes } = tables.attributes.get(tables.paths.set[row]!);
  const obstacle = exportObstacle(source, attributes, target);
  if (obstacle !== undefined) return { type: 'obstacle', obstacle };
  const route = describedRoute(tables, prefix, row, peer);
  route.attributes = prepareForExport(source, attributes, target);
  const explanation = explain(policy, route);
  return { type: 'policy', explanation, attributes: finishExport(explanation.attributes, target) };
}

/** What is sent of this path, without the reasons; undefined: nothing. */
export function judgeExport(
  tables: RibTables,
  prefix: PrefixId,
  row: Row,
  policy: Policy,
  peer: PolicyPeer,
  target: ExportTarget,
): Attributes | undefined {
  const source = tables.sources[tables.paths.source[row]!]!.info;
  const { attributes } = tables.attributes.get(tables.paths.set[row]!);
  if (exportObstacle(source, attributes, target) !== undefined) return undefined;
  const route = describedRoute(tables, prefix, row, peer);
  route.attributes = prepareForExport(source, attributes, target);
  const result = evaluate(policy, route);
  return result.accepted ? finishExport(result.attributes, target) : undefined;
}

function describedRoute(tables: RibTables, prefix: PrefixId, row: Row, peer: PolicyPeer | undefined): PolicyRoute {
  const route = emptyRoute(tables.family, peer);
  tables.describe(route, prefix, row);
  return route;
}
