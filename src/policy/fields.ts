// What policies can only look at, one row a name. What they can also change is in attributes.ts.

import type { Context } from './context.ts';
import { ENUMS, SOURCE_NUMBERS } from './enums.ts';
import type { FieldName, PolicyInput } from './types.ts';
import type { RuntimeValue } from './values.ts';

export interface FieldRow {
  readonly reads: readonly PolicyInput[];
  readonly read: (context: Context) => RuntimeValue;
}

const SOURCES = Object.fromEntries(
  Object.entries(SOURCE_NUMBERS).map(([source, value]) => [source, { type: 'enum', of: 'source', value } as const]),
);

const ip = (address: string | undefined, context: Context): RuntimeValue => ({
  type: 'ip',
  value: address ?? (context.route.family === 'ipv4' ? '0.0.0.0' : '::'),
});

/** `net` is not here: it is read without making a text of it wherever that can be avoided (expressions.ts). */
export const FIELDS: Readonly<Record<Exclude<FieldName, 'net'>, FieldRow>> = {
  family: { reads: ['family'], read: (context) => context.route.family },
  source: { reads: ['source'], read: (context) => SOURCES[context.route.source] },
  protocol: { reads: ['protocol'], read: (context) => context.route.protocol },
  from: { reads: ['from', 'family'], read: (context) => ip(context.route.from?.address, context) },
  fromName: { reads: ['from'], read: (context) => context.route.from?.name },
  cast: { reads: [], read: () => ENUMS.RTC_UNICAST },
  ifindex: { reads: ['other'], read: (context) => context.route.other?.ifindex ?? 0 },
  peerType: { reads: ['peerType'], read: (context) => context.route.peer?.type },
  peerName: { reads: ['peer'], read: (context) => context.route.peer?.name },
  peerAs: { reads: ['peer'], read: (context) => context.route.peer?.remoteAs },
  localAs: { reads: ['peer'], read: (context) => context.route.peer?.localAs },
  peerAddress: {
    reads: ['peer'],
    read: (context) => {
      const address = context.route.peer?.address;
      return address === undefined ? undefined : { type: 'ip', value: address };
    },
  },
};
