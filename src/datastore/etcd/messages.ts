// etcd's messages as the JSON gateway writes them, checked as far as they are used. Pure.

import { EtcdError } from './etcd-error.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

export interface Header {
  readonly clusterId: string;
  readonly revision: number;
}

export interface KeyValue {
  readonly key: string;
  /** Absent: the key was deleted. */
  readonly value?: string;
  readonly revision: number;
}

export interface RangeAnswer {
  readonly header: Header;
  readonly pairs: readonly KeyValue[];
  readonly more: boolean;
}

export interface WatchAnswer {
  readonly header: Header;
  readonly created: boolean;
  readonly events: readonly KeyValue[];
  readonly canceled?: Cancellation;
}

/** The watch is over: why, or that its revision is compacted. */
export interface Cancellation {
  readonly compacted: boolean;
  readonly reason: string;
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The first key behind all that begin with a prefix. */
export function endOf(prefix: string): string {
  const bytes = Buffer.from(prefix);
  bytes[bytes.length - 1]! += 1;
  return bytes.toString('base64');
}

/** The next key in order. */
export function after(key: string): string {
  return `${key}\0`;
}

export function readRange(answer: unknown, host: string): RangeAnswer {
  const { header, kvs = [], more = false } = fields(answer);
  if (!Array.isArray(kvs)) throw garbage(host);
  return { header: readHeader(header, host), pairs: kvs.map((pair) => readPair(pair)), more: more === true };
}

export function readWatch(answer: Fields, host: string): WatchAnswer {
  const { header, created, canceled, compact_revision, cancel_reason, events = [] } = answer;
  if (!Array.isArray(events)) throw garbage(host);
  return {
    header: readHeader(header, host),
    created: created === true,
    events: events.map((event) => readEvent(event)),
    ...(canceled === true && {
      canceled: { compacted: number(compact_revision) > 0, reason: `${cancel_reason ?? ''}` },
    }),
  };
}

function readHeader(value: unknown, host: string): Header {
  const { cluster_id, revision } = fields(value);
  if (typeof cluster_id !== 'string') throw garbage(host);
  return { clusterId: cluster_id, revision: number(revision) };
}

function readEvent(value: unknown): KeyValue {
  const { type, kv } = fields(value);
  const { key, value: content, revision } = readPair(kv);
  return type === 'DELETE' ? { key, revision } : { key, value: content, revision };
}

/** What is empty or zero is left out. */
function readPair(value: unknown): Required<KeyValue> {
  const { key, value: content, mod_revision } = fields(value);
  return { key: decode(key), value: decode(content), revision: number(mod_revision) };
}

function decode(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString() : '';
}

/** Of 64 bits, as text; what etcd counts does not reach 2^53. */
function number(value: unknown): number {
  return Number(value ?? 0);
}

function garbage(host: string): EtcdError {
  return new EtcdError('garbage', `${host} answers, but not as etcd does`);
}
