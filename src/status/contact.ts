// Contact with the server of the datastore, as the report and its text tell it.

import type { ServerContact } from '../datastore/types.ts';
import { durationText, timestamp } from './time.ts';
import type { ContactReport, Timestamp } from './types.ts';

/** Milliseconds. A server says every minute or so how far it is; who has heard nothing for so long may know what is old. */
const STALE_AFTER = 5 * 60 * 1000;

export function contactReport(contact: ServerContact, now: number): ContactReport {
  const { server, apiGroup, contactAge, watches } = contact;
  return {
    ...(server !== undefined && { server }),
    ...(apiGroup !== undefined && { apiGroup }),
    ...contactTime(contactAge, now),
    stale: watches.some((watch) => watch.state === 'watching' && (watch.contactAge ?? 0) > STALE_AFTER),
    watches: watches.map(({ name, state, resources, contactAge: age, lists, failuresInARow, detail }) => ({
      ...{ name, state, resources, ...contactTime(age, now), lists, failuresInARow },
      ...(detail !== undefined && { detail }),
    })),
  };
}

function contactTime(age: number | undefined, now: number): { readonly lastContactTime?: Timestamp } {
  return age === undefined ? {} : { lastContactTime: timestamp(now - age) };
}

/** Goes behind `in sync`; '' where nothing is known. */
export function contactText({ lastContactTime, stale }: ContactReport, now: Timestamp): string {
  if (lastContactTime === undefined) return '';
  const age = durationText(Date.parse(now) - Date.parse(lastContactTime));
  return stale ? `, but not heard of for ${age}: what is known may be old` : `, heard of ${age} ago`;
}
