// Which nodes a BGPPeer's selectors choose. Selectors are parsed once per BGPPeer and judged once per pair of BGPPeer and
// Node: both are immutable values, so the answers are remembered for as long as the values live.

import { matches, parseSelector, type Selector } from '../datastore/resources/selector.ts';
import type { BGPPeer, NodeResource } from '../datastore/resources/types.ts';

type SelectorField = 'nodeSelector' | 'peerSelector';

interface Selection {
  /** Undefined: the text is no selector, and selects nothing. Readers refuse such a BGPPeer. */
  readonly selector: Selector | undefined;
  readonly verdicts: WeakMap<NodeResource, boolean>;
}

const selections: Record<SelectorField, WeakMap<BGPPeer, Selection>> = {
  nodeSelector: new WeakMap(),
  peerSelector: new WeakMap(),
};

/** A test for nodes. */
export function nodeTest(peer: BGPPeer, field: SelectorField): (node: NodeResource) => boolean {
  const { selector, verdicts } = selectionOf(peer, field);
  if (selector === undefined) return () => false;
  return (node) => {
    const known = verdicts.get(node);
    if (known !== undefined) return known;
    const verdict = matches(selector, node.metadata.labels);
    verdicts.set(node, verdict);
    return verdict;
  };
}

function selectionOf(peer: BGPPeer, field: SelectorField): Selection {
  const known = selections[field].get(peer);
  if (known !== undefined) return known;
  const parsed = parseSelector(peer[field] ?? '');
  const selection: Selection = {
    selector: parsed.ok ? parsed.selector : undefined,
    verdicts: new WeakMap(),
  };
  selections[field].set(peer, selection);
  return selection;
}
