// How many networks each source has the best route of. Counted for all at once and kept for a moment: `show protocols all`
// asks for each of a thousand sessions.

import type { Family } from 'node-bgp';
import { NO_ROW } from '../../../src/rib/index.ts';
import type { Speaker } from '../../../src/speaker/index.ts';

/** Milliseconds that a count is good for. */
const KEPT = 1000;

export class PreferredRoutes {
  readonly #speaker: Speaker;
  readonly #now: () => number;
  readonly #counts = new Map<Family, { readonly at: number; readonly bySource: Int32Array }>();

  constructor(speaker: Speaker, now: () => number) {
    this.#speaker = speaker;
    this.#now = now;
  }

  readonly count = (family: Family, source: number): number => {
    const now = this.#now();
    let known = this.#counts.get(family);
    if (known === undefined || now - known.at > KEPT) {
      known = { at: now, bySource: this.#countAll(family) };
      this.#counts.set(family, known);
    }
    return known.bySource[source] ?? 0;
  };

  #countAll(family: Family): Int32Array {
    const { best, paths, prefixes, sources } = this.#speaker.families[family].rib.tables;
    const bySource = new Int32Array(sources.length);
    for (let prefix = 0; prefix < prefixes.highest; prefix++) {
      const row = best[prefix]!;
      if (row !== NO_ROW) bySource[paths.source[row]!]!++;
    }
    return bySource;
  }
}
