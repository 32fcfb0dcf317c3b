// The door of the RIB room.
export { AttributeTable, DEFAULT_LOCAL_PREF, NO_SET } from './attribute-table.ts';
export { explainDecision, TIE_BREAKERS } from './decision.ts';
export {
  type ExportExplanation,
  explainExport,
  explainImport,
  type ImportExplanation,
  judgeExport,
} from './explain.ts';
export type { GroupOptions } from './export-group.ts';
export type { Write } from './export-log.ts';
export type { FilterRemark } from './filter-remarks.ts';
export { ImportPolicy, type LoopRules } from './import-policy.ts';
export { ASSUMED_REACHABLE, type Resolution, type Resolver, UNRESOLVED } from './next-hops.ts';
export { DEAD, LONG_STALE, type LocalDetail, NO_ROW, type Row, STALE } from './path-table.ts';
export type { PrefixId } from './prefix-table.ts';
export { type Flushed, Rib } from './rib.ts';
export type { Source, SourceId, SourceInfo } from './source.ts';
