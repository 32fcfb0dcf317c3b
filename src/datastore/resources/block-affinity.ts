// BlockAffinity: which block of addresses belongs to which node.

import type { Field, Read } from './reader.ts';
import type { BlockAffinity, Metadata } from './types.ts';
import { nodeName, oneOf, prefix, unlessEmpty } from './values.ts';

/** undefined without a problem: it is deleted, only not gone yet. */
export function readBlockAffinity(metadata: Metadata, document: Field): BlockAffinity | undefined {
  const spec = document.at('spec');
  const deleted = spec.read('deleted', deletedMark) ?? false;
  const cidr = spec.need('cidr', prefix);
  const node = spec.need('node', nodeName);
  const state = spec.read('state', oneOf(['', 'confirmed', 'pending', 'pendingDeletion'])) ?? '';
  const type = spec.read('type', unlessEmpty(oneOf(['host', 'virtual'])));
  spec.warnOfUnknown();
  if (deleted || cidr === undefined || node === undefined) return undefined;
  return { kind: 'BlockAffinity', metadata, cidr, node, state, type: type ?? 'host' };
}

/** A boolean in projectcalico.org/v3, a text ("true", "false" or "") in crd.projectcalico.org/v1. */
const deletedMark: Read<boolean> = (field) => {
  if (typeof field.value === 'boolean') return field.value;
  const value = oneOf(['true', 'false', ''])(field);
  return value === undefined ? undefined : value === 'true';
};
