// A socket filter (classic BPF) that keeps route notifications nobody needs out of the queue: those of changes that we
// made ourselves, for which the answer to the request is enough, and those of other tables. Without it programming
// 100,000 routes brings 100,000 datagrams back, and every interface that comes or goes a handful.

import { NLM_F_MULTI, RTM_DELROUTE, RTM_NEWROUTE } from './constants.ts';
import { tableOctet } from './rtnetlink.ts';

const LOAD_U8 = 0x30; // BPF_LD | BPF_B | BPF_ABS
const LOAD_U16 = 0x28;
const LOAD_U32 = 0x20;
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

const TYPE = 4;
const FLAGS = 6;
const PORT_ID = 12;
const RTM_TABLE = 16 + 4;
const WHOLE = 0xffffffff;

/** code, jump if true, jump if false (both relative to the next instruction), operand. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

export function routeFilter(portId: number, table: number): Uint8Array {
  const program: Instruction[] = [
    [LOAD_U16, 0, 0, TYPE],
    [JUMP_EQUAL, 1, 0, swap16(RTM_NEWROUTE)],
    [JUMP_EQUAL, 0, 6, swap16(RTM_DELROUTE)],
    [LOAD_U16, 0, 0, FLAGS],
    [JUMP_ANY_BIT, 4, 0, swap16(NLM_F_MULTI)], // part of a dump that we asked for
    [LOAD_U32, 0, 0, PORT_ID],
    [JUMP_EQUAL, 3, 0, swap32(portId)],
    [LOAD_U8, 0, 0, RTM_TABLE],
    [JUMP_EQUAL, 0, 1, tableOctet(table)],
    [RETURN, 0, 0, WHOLE],
    [RETURN, 0, 0, 0],
  ];
  const bytes = new Uint8Array(8 * program.length);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, ifTrue, ifFalse, operand], i) => {
    view.setUint16(8 * i, code, true);
    bytes[8 * i + 2] = ifTrue;
    bytes[8 * i + 3] = ifFalse;
    view.setUint32(8 * i + 4, operand, true);
  });
  return bytes;
}

/** BPF loads numbers in network order; netlink writes them in the order of the machine. */
function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

function swap32(value: number): number {
  return ((swap16(value & 0xffff) << 16) | swap16(value >>> 16)) >>> 0;
}
