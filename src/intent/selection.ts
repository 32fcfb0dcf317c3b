// Which nodes a BGPPeer's selectors choose. Selectors are parsed once per BGPPeer and judged once per pair of BGPPeer and
// Node: both are immutable values, so the answers are remembered for as long as the values live.

import { matches, parseSelector, type Selector } from '../datastore/resources/selector.ts';
import type { BGPPeer, NodeResource } from '../datastore/resources/types.ts';
import type { Findings } from './problems.ts';

type SelectorField = 'nodeSelector' | 'peerSelector';

interface Selection {
  /** Undefined: the text is no selector, and selects nothing. */
  readonly selector: Selector | undefined;
  readonly error: string;
  readonly verdicts: WeakMap<NodeResource, boolean>;
}

const selections: Record<SelectorField, WeakMap<BGPPeer, Selection>> = {
  nodeSelector: new WeakMap(),
  peerSelector: new WeakMap(),
};

/** A test for nodes. An empty selector is an unset one for Calico: ask `isSet` first. */
export function nodeTest(peer: BGPPeer, field: SelectorField, findings: Findings): (node: NodeResource) => boolean {
  const selection = selectionOf(peer, field);
  const { selector, verdicts } = selection;
  if (selector === undefined) {
    findings.problem(peer, `spec.${field}`, `${selection.error}; it selects no node`);
    return () => false;
  }
  return (node) => {
    const known = verdicts.get(node);
    if (known !== undefined) return known;
    const verdict = matches(selector, node.metadata.labels);
    verdicts.set(node, verdict);
    return verdict;
  };
}

export function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function selectionOf(peer: BGPPeer, field: SelectorField): Selection {
  const known = selections[field].get(peer);
  if (known !== undefined) return known;
  const parsed = parseSelector(peer[field] ?? '');
  const selection: Selection = {
    selector: parsed.ok ? parsed.selector : undefined,
    error: parsed.ok ? '' : parsed.text,
    verdicts: new WeakMap(),
  };
  selections[field].set(peer, selection);
  return selection;
}
