// CalicoNodeStatus: a request that a node keeps its status in this object.

import { describe, type Field, type Read } from './reader.ts';
import type { CalicoNodeStatus, Metadata } from './types.ts';
import { integer, list, nodeName, text } from './values.ts';

type StatusClass = CalicoNodeStatus['classes'][number];

const CLASSES: readonly StatusClass[] = ['Agent', 'BGP', 'Routes'];
const DAY = 86_400;

export function readCalicoNodeStatus(metadata: Metadata, document: Field): CalicoNodeStatus | undefined {
  const spec = document.at('spec');
  const node = spec.need('node', nodeName);
  const classes = spec.need('classes', list(statusClass));
  const updatePeriodSeconds = spec.need('updatePeriodSeconds', integer(0, DAY));
  spec.warnOfUnknown();
  if (node === undefined || classes === undefined || updatePeriodSeconds === undefined) return undefined;
  return { kind: 'CalicoNodeStatus', metadata, node, classes: [...new Set(classes)], updatePeriodSeconds };
}

const statusClass: Read<StatusClass> = (field) => {
  const value = text(field);
  const known = CLASSES.find((word) => word === value);
  if (known === undefined && value !== undefined) {
    field.warn(`${describe(value)} is none of ${CLASSES.join(', ')}; it is left out`);
  }
  return known;
};
