// Numbers of rtnetlink that a person may choose: which routing table is programmed, and under which protocol.

import type { Parsed } from '../status/endpoint.ts';

const LOCAL_TABLE = 255;
const LARGEST_TABLE = 0xffff_ffff;
/** unspec, redirect, kernel, boot and static: what these wrote is the kernel's or the administrator's own. */
const TAKEN_PROTOCOLS = 5;
const LARGEST_PROTOCOL = 255;

export function parseKernelTable(text: string): Parsed<number> {
  const table = wholeNumber(text);
  if (table === undefined || table === 0 || table > LARGEST_TABLE) {
    return { problem: `"${text}" is not the number of a routing table, 1 to ${LARGEST_TABLE}` };
  }
  return table === LOCAL_TABLE ? { problem: `table ${text} is the kernel's own` } : { value: table };
}

/** Routes of the protocol are ours: they are deleted when nobody wants them. */
export function parseKernelProtocol(text: string): Parsed<number> {
  const protocol = wholeNumber(text);
  if (protocol === undefined || protocol > LARGEST_PROTOCOL) {
    return { problem: `"${text}" is not the number of a route protocol, ${TAKEN_PROTOCOLS} to ${LARGEST_PROTOCOL}` };
  }
  if (protocol < TAKEN_PROTOCOLS) return { problem: `protocol ${text} is for routes of the kernel and of people` };
  return { value: protocol };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
