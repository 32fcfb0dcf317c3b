import { describe, expect, it } from 'vitest';
import { type Frame, Framer, messageOf as messageOfFrame } from './frame.ts';
import { fromHex } from './hex.ts';
import { HEADER_LENGTH, MAX_EXTENDED_MESSAGE_LENGTH, MAX_MESSAGE_LENGTH, MESSAGE_TYPE } from './iana.ts';
import { KEEPALIVE } from './messages.ts';
import { encodeMessage } from './writer.ts';

const MARKER = 'ffffffffffffffffffffffffffffffff';

function messageOf(type: number, length: number): Uint8Array {
  return encodeMessage(type, (w) => w.bytes(Uint8Array.from({ length: length - HEADER_LENGTH }, (_, i) => i)));
}

/** All frames of a stream that comes in these chunks, up to the first fault. */
function framesOf(framer: Framer, chunks: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
      frames.push(frame);
      if ('fault' in frame) return frames;
    }
  }
  return frames;
}

const STREAM = [KEEPALIVE, messageOf(MESSAGE_TYPE.UPDATE, 60), messageOf(MESSAGE_TYPE.ROUTE_REFRESH, 23), KEEPALIVE];
const BYTES = Uint8Array.from(STREAM.flatMap((message) => [...message]));
const FRAMES = STREAM.map((message) => ({ type: message[18], body: message.slice(HEADER_LENGTH) }));

describe('a stream', () => {
  it('is cut into messages', () => {
    expect(framesOf(new Framer(MAX_MESSAGE_LENGTH), [BYTES])).toEqual(FRAMES);
  });

  it('is cut into the same messages wherever the chunks end', () => {
    for (let first = 0; first <= BYTES.length; first++) {
      for (let second = first; second <= BYTES.length; second += 7) {
        const chunks = [BYTES.slice(0, first), BYTES.slice(first, second), BYTES.slice(second)];
        expect(framesOf(new Framer(MAX_MESSAGE_LENGTH), chunks)).toEqual(FRAMES);
      }
    }
  });

  it('may come one octet at a time', () => {
    const chunks = [...BYTES].map((octet) => Uint8Array.of(octet));
    expect(framesOf(new Framer(MAX_MESSAGE_LENGTH), chunks)).toEqual(FRAMES);
  });

  it('may be pushed faster than it is read', () => {
    const framer = new Framer(MAX_MESSAGE_LENGTH);
    framer.push(BYTES.slice(0, 50));
    framer.next();
    framer.push(BYTES.slice(50));
    expect(framesOf(framer, [new Uint8Array(0)])).toEqual(FRAMES.slice(1));
  });

  it('is not copied where a message lies in one chunk', () => {
    const chunk = Buffer.from(BYTES);
    const [, update] = framesOf(new Framer(MAX_MESSAGE_LENGTH), [chunk]) as { body: Uint8Array }[];
    expect(update!.body.buffer).toBe(chunk.buffer);
  });

  it('leaves bodies alone that were given out, also when their chunk is used again', () => {
    const framer = new Framer(MAX_MESSAGE_LENGTH);
    const chunk = BYTES.slice(0, 40);
    framesOf(framer, [chunk]);
    chunk.fill(0);
    const [update] = framesOf(framer, [BYTES.slice(40, 90)]) as { body: Uint8Array }[];
    framesOf(framer, [BYTES.slice(90)]);
    expect(update).toEqual(FRAMES[1]);
  });
});

describe('a header', () => {
  it.each([
    ['a marker that is not all ones (RFC 4271 6.1)', 'fffffffffffffffffffffffffffffffe001304', 1, ''],
    ['less than a header', `${MARKER}001204`, 2, '0012'],
    ['an OPEN of 28 octets', `${MARKER}001c01`, 2, '001c'],
    ['an UPDATE of 22 octets', `${MARKER}001602`, 2, '0016'],
    ['a NOTIFICATION of 20 octets', `${MARKER}001403`, 2, '0014'],
    ['a KEEPALIVE of 20 octets', `${MARKER}001404`, 2, '0014'],
    ['more than 4096 octets', `${MARKER}100102`, 2, '1001'],
    ['type 0', `${MARKER}001300`, 3, '00'],
    ['type 6', `${MARKER}001306`, 3, '06'],
    ['a wrong length before a wrong type', `${MARKER}ffff06`, 2, 'ffff'],
  ])('with %s is refused', (_, hex, subcode, data) => {
    const framer = new Framer(MAX_MESSAGE_LENGTH);
    const fault = { code: 1, subcode, data: fromHex(data), text: expect.any(String) };
    const header = fromHex(hex);
    expect(framesOf(framer, [header])).toEqual([{ fault, header }]);
    framer.push(KEEPALIVE);
    expect(framer.next()).toEqual({ fault, header });
  });

  it('is refused behind good messages, which still count', () => {
    const chunk = Uint8Array.from([...BYTES, ...fromHex(`${MARKER}000004`)]);
    const frames = framesOf(new Framer(MAX_MESSAGE_LENGTH), [chunk]);
    expect(frames.slice(0, -1)).toEqual(FRAMES);
    expect(frames.at(-1)).toMatchObject({ fault: { code: 1, subcode: 2 } });
  });
});

describe('extended messages (RFC 8654)', () => {
  it.each([MESSAGE_TYPE.UPDATE, MESSAGE_TYPE.NOTIFICATION, MESSAGE_TYPE.ROUTE_REFRESH])(
    'may be of type %i, once negotiated',
    (type) => {
      const message = messageOf(type, MAX_EXTENDED_MESSAGE_LENGTH);
      const framer = new Framer(MAX_MESSAGE_LENGTH);
      framer.setMaxLength(MAX_EXTENDED_MESSAGE_LENGTH);
      const frames = framesOf(framer, [message.slice(0, 1000), message.slice(1000, 30_000), message.slice(30_000)]);
      expect(frames).toEqual([{ type, body: message.slice(HEADER_LENGTH) }]);
      expect(framesOf(new Framer(MAX_MESSAGE_LENGTH), [message])).toMatchObject([{ fault: { code: 1, subcode: 2 } }]);
    },
  );

  it('never are an OPEN or a KEEPALIVE', () => {
    for (const type of [MESSAGE_TYPE.OPEN, MESSAGE_TYPE.KEEPALIVE]) {
      const framer = new Framer(MAX_EXTENDED_MESSAGE_LENGTH);
      expect(framesOf(framer, [messageOf(type, 4097)])).toMatchObject([
        { fault: { code: 1, subcode: 2, data: Uint8Array.of(0x10, 0x01) } },
      ]);
    }
  });
});

it('a message can be had as it came', () => {
  const frames = framesOf(new Framer(MAX_MESSAGE_LENGTH), [BYTES]);
  expect(frames.map((frame) => messageOfFrame(frame))).toEqual(STREAM);
});
