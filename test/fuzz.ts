// Mutated messages through framer and decoders: no exception, every fault of the right class, every survivor usable.
//
//   npm run fuzz -- [count] [seed]                   default: 1,000,000 messages, seed from the clock
//   npm run fuzz -- daemon [sessions] [seed]         the running daemon: see fuzz-daemon.ts
//
// A failure prints the seed, the number of the message and its octets.

import {
  decodeAttributeSet,
  decodeNotification,
  decodeOpen,
  decodeRouteRefresh,
  decodeUpdate,
  describeNotification,
  ERROR,
  encodeAttributes,
  encodeNotification,
  encodeOpen,
  Framer,
  MESSAGE_TYPE,
  nlriEntries,
  type ProtocolFault,
  type UpdateContext,
  type UpdateMessage,
} from 'node-bgp';
import { CONTEXTS, mulberry32, mutate, NEXT_HOP6, pick, seedMessages } from './mutations.ts';

const MAX_LENGTH = 4096;
const DEFAULT_COUNT = 1_000_000;

/** What the fuzzer saw; `faults` counts by `code/subcode`. */
export interface FuzzReport {
  readonly messages: number;
  readonly decoded: number;
  readonly withdrawn: number;
  readonly faults: ReadonlyMap<string, number>;
}

/** Sends `count` mutated messages through the decoders; throws at the first that breaks a rule. */
export function fuzz(count: number, seed: number): FuzzReport {
  const random = mulberry32(seed);
  const seeds = seedMessages();
  const faults = new Map<string, number>();
  let decoded = 0;
  let withdrawn = 0;
  for (let i = 0; i < count; i++) {
    const chosen = pick(seeds, random);
    const message = mutate(chosen, seeds, random);
    const context = random() < 0.8 ? chosen.context : pick(CONTEXTS, random);
    try {
      const outcome = check(message, context);
      if (typeof outcome === 'string') faults.set(outcome, (faults.get(outcome) ?? 0) + 1);
      else decoded++;
      if (typeof outcome === 'object' && outcome.fault !== undefined) withdrawn++;
    } catch (error) {
      const octets = Buffer.from(message).toString('hex');
      throw new Error(`seed ${seed}, message ${i}, ${JSON.stringify(context)}: ${octets}`, { cause: error });
    }
  }
  return { messages: count, decoded, withdrawn, faults };
}

/** Undefined or the UPDATE where the message was good, `code/subcode` where it was refused. */
function check(message: Uint8Array, context: UpdateContext): string | UpdateMessage | undefined {
  const framer = new Framer(MAX_LENGTH);
  framer.push(message);
  const frame = framer.next();
  if (frame === undefined) return undefined;
  if ('fault' in frame) return checkFault(frame.fault, ERROR.MESSAGE_HEADER);
  const { type, body } = frame;
  if (type === MESSAGE_TYPE.UPDATE) {
    const update = decodeUpdate(body, context, decodeAttributeSet);
    if (!update.ok) return checkFault(update.fault, ERROR.UPDATE);
    checkUpdate(update.value, context);
    return update.value;
  }
  const decoded = decodeOther(type, body);
  if (!decoded.ok) return checkFault(decoded.fault, decoded.code);
  return undefined;
}

function decodeOther(type: number, body: Uint8Array): { ok: true } | { ok: false; fault: ProtocolFault; code: number } {
  switch (type) {
    case MESSAGE_TYPE.OPEN: {
      const open = decodeOpen(body);
      if (!open.ok) return { ...open, code: ERROR.OPEN };
      encodeOpen(open.value);
      return { ok: true };
    }
    case MESSAGE_TYPE.NOTIFICATION: {
      const notification = decodeNotification(body);
      if (!notification.ok) return { ...notification, code: ERROR.MESSAGE_HEADER };
      const { code, subcode, data } = notification.value;
      expect(describeNotification(code, subcode, data) !== '', 'a NOTIFICATION has words');
      return { ok: true };
    }
    case MESSAGE_TYPE.KEEPALIVE:
      return { ok: true }; // its length is all there is to it, and the framer has seen that
    case MESSAGE_TYPE.ROUTE_REFRESH: {
      const refresh = decodeRouteRefresh(body);
      return refresh.ok ? { ok: true } : { ...refresh, code: ERROR.ROUTE_REFRESH };
    }
    default:
      throw new Error(`the framer let message type ${type} through`);
  }
}

/** A fault is of its class and makes a NOTIFICATION that the other side can read. */
function checkFault(fault: ProtocolFault, code: number): string {
  expect(fault.code === code, `fault ${fault.code}/${fault.subcode} is of class ${code}`);
  expect(code === ERROR.OPEN || fault.subcode > 0, 'a fault has a subcode');
  const framer = new Framer(MAX_LENGTH);
  framer.push(encodeNotification(fault));
  const frame = framer.next();
  expect(frame !== undefined && !('fault' in frame) && decodeNotification(frame.body).ok, 'a fault can be sent');
  return `${fault.code}/${fault.subcode}`;
}

/** What an UPDATE holds can be read, and its attributes can be sent on. */
function checkUpdate(update: UpdateMessage, context: UpdateContext): void {
  for (const block of [...update.withdrawn, ...update.reached]) {
    expect(context.families.includes(block.family), 'a prefix is of a family that was negotiated');
    for (const { prefix } of nlriEntries(block)) expect(!/NaN|undefined/.test(prefix), 'a prefix is whole');
  }
  for (const fault of [...update.notes, ...(update.fault === undefined ? [] : [update.fault])]) {
    checkFault(fault, ERROR.UPDATE);
  }
  expect(update.reached.length > 0 === (update.set !== undefined), 'what is reached has attributes, else nothing');
  if (update.set !== undefined) {
    const mp = update.set.attributes.nextHop?.includes(':') ?? false;
    const raw = encodeAttributes(update.set.attributes, context, mp);
    const again = decodeAttributeSet(raw, mp ? NEXT_HOP6 : undefined, !mp, context);
    expect(again.verdict === 'ok' && again.notes.length === 0, 'attributes that were read can be sent');
  }
  if (update.following !== undefined) checkUpdate(update.following, context);
}

function expect(condition: boolean, text: string): void {
  if (!condition) throw new Error(`not so: ${text}`);
}

if (import.meta.main && process.argv[2] === 'daemon') {
  const { main } = await import('./fuzz-daemon.ts');
  await main(process.argv.slice(3));
} else if (import.meta.main) {
  const count = Number(process.argv[2] ?? DEFAULT_COUNT);
  const seed = Number(process.argv[3] ?? Date.now() % 0x1_0000_0000);
  const started = performance.now();
  const report = fuzz(count, seed);
  const seconds = (performance.now() - started) / 1000;
  const { decoded, withdrawn } = report;
  console.log(`${count} messages in ${seconds.toFixed(1)} s, seed ${seed}: no exception`);
  console.log(`${decoded} decoded, ${withdrawn} of them treated as withdraw; NOTIFICATIONs:`);
  for (const [fault, times] of [...report.faults].sort()) console.log(`  ${fault.padEnd(6)} ${times}`);
}
