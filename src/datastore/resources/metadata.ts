// The metadata of a resource: its name, and labels and annotations wherever Calico's tools have put them.

import { describe, type Field, type Read } from './reader.ts';
import type { Metadata } from './types.ts';
import { isResourceName, text, textMap } from './values.ts';

/** libcalico keeps the metadata that a user wrote in this annotation of the classic CRDs (crd.projectcalico.org/v1). */
const CALICO_METADATA = 'projectcalico.org/metadata';
/** kubectl's copy of the whole object. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export interface MetadataOptions {
  readonly namespaced: boolean;
  /** Annotations of Kubernetes' kinds change often and mean nothing to BGP. */
  readonly annotations: 'keep' | 'drop';
}

export function readMetadata(document: Field, options: MetadataOptions): Metadata | undefined {
  const field = document.at('metadata');
  const name = document.present ? field.need('name', resourceName) : undefined;
  if (name === undefined) return undefined;
  const namespace = options.namespaced ? (field.read('namespace', text) ?? 'default') : undefined;
  const labels = field.read('labels', textMap) ?? {};
  const annotations = options.annotations === 'keep' ? field.read('annotations', textMap) : undefined;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...withCalicoMetadata(field, labels, annotations ?? {}),
  };
}

const resourceName: Read<string> = (field) => {
  const name = text(field);
  if (name === undefined || isResourceName(name)) return name;
  return field.refuse(`${describe(name)} is not a resource name: lower-case letters, digits, "-" and ".", at most 253`);
};

type Texts = Readonly<Record<string, string>>;

function withCalicoMetadata(field: Field, labels: Texts, annotations: Texts): { labels: Texts; annotations: Texts } {
  const { [CALICO_METADATA]: kept, [LAST_APPLIED]: _applied, ...rest } = annotations;
  if (kept === undefined) return { labels, annotations: rest };
  const copy = field.at('annotations').at(CALICO_METADATA).tolerant();
  const inner = copy.inside(jsonObject(copy));
  return {
    labels: { ...labels, ...inner.read('labels', textMap) },
    annotations: { ...rest, ...inner.read('annotations', textMap) },
  };
}

/** A text that holds a JSON object. */
export const jsonObject: Read<Readonly<Record<string, unknown>>> = (field) => {
  const object = typeof field.value === 'string' ? parseObject(field.value) : undefined;
  return object ?? field.refuse(`${describe(field.value)} is not a JSON object`);
};

function parseObject(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
