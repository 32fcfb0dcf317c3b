// What the router's own protocols do with routes, as BIRD shows it.

import type { Family } from 'node-bgp';
import type { Speaker } from '../../../src/speaker/index.ts';
import type { ChannelView, ProtocolState } from '../types.ts';
import type { ChannelDescription, ProtocolDescription } from './parts.ts';
import { changesOf, limitViews, NO_CHANGES } from './sessions.ts';

export function localChannel(
  speaker: Speaker,
  { kind, routes = [] }: ProtocolDescription,
  channel: ChannelDescription,
  table: string,
  preferred: (family: Family, source: number) => number,
  state: ProtocolState,
): ChannelView {
  const { family, preference, importFilter, exportFilter, limits, keepFiltered } = channel;
  const { locals, forwarding, rib } = speaker.families[family];
  const source = kind === 'static' || kind === 'kernel' || kind === 'direct' ? locals[kind] : undefined;
  const isThere = (prefix: string) => {
    rib.tables.prefixes.load(prefix);
    return rib.tables.prefixes.find() >= 0;
  };
  // One source of the tables holds the routes of all static protocols.
  const isStatic = kind === 'static';
  const imported = isStatic ? routes.filter(({ prefix }) => isThere(prefix)).length : (source?.received ?? 0);
  const exported = kind === 'kernel' ? forwarding.fib.size : 0;
  const best = source === undefined ? 0 : preferred(family, source.id);
  return {
    family,
    table,
    state: state === 'down' ? 'DOWN' : 'UP',
    preference,
    importFilter,
    exportFilter,
    limits: limitViews(limits, { receive: imported, import: imported, export: exported }),
    ...(state === 'down'
      ? {}
      : {
          routes: {
            imported,
            ...(keepFiltered ? { filtered: 0 } : {}),
            exported,
            preferred: isStatic ? Math.min(best, imported) : best,
          },
          changes: changesOf({ ...NO_CHANGES, updates: imported }, { updates: exported, withdraws: 0, filtered: 0 }),
        }),
  };
}
