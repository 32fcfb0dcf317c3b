// Mutated commands through the control socket: every line is answered, every answer has the form that BIRD's clients read,
// the connection stays, and nothing of ours stumbles.
//
//   node test/bird-compat/control-fuzz.ts [count] [seed]        default: 100,000 commands, seed from the clock
//
// A failure prints the seed and the commands of the batch.

import { greeted, Lab, SECOND, serve, targetOf } from '../../bird-compat/control/control.fixture.ts';
import { block, calico, node } from '../../src/speaker/resources.fixture.ts';

const DEFAULT_COUNT = 100_000;
const BATCH = 200;
const ANSWER_LINE = /^(?:\d{4}[- ]| |\+)/;

const SEEDS = [
  'show status',
  'show protocols all "Mesh_*"',
  'show protocols all Mesh_10_0_0_2',
  'show interfaces summary',
  'show route all',
  'show route for 10.65.2.3 where net ~ [ 10.65.0.0/16{16,26} ] && source = RTS_BGP',
  'show route export Mesh_10_0_0_2 filter { if bgp_path ~ [= * 64512 =] then reject; accept; } count',
  'show route preexport kernel1 protocol static1 primary stats table master',
  'show route 10.65.1.0/26 filtered all noexport Mesh_10_0_0_2',
  'show symbols table',
  'show symbols nosuch',
  'show memory',
  'show static static1',
  'show bfd sessions',
  'show roa for 10.0.0.0/8 as 1',
  'configure soft "bird.cfg" timeout 30',
  'configure check "x"',
  'configure undo',
  'configure confirm',
  'disable "Global_*" "maintenance"',
  'enable all',
  'restart Mesh_10_0_0_2 "text"',
  'reload in all',
  'reload out "M*"',
  'debug all { states, routes, filters }',
  'mrtdump Mesh_10_0_0_2 all',
  'echo { debug, info } buffer 4096',
  'restrict',
  'eval (1, 2) ~ [ (1, *), (3, 4..7) ]',
  'eval 1 + 2 * 3 = 7 || false',
  'dump routes',
  'down',
];

const SCRAPS = [
  ...[
    '"',
    "'",
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '[=',
    '=]',
    '&&',
    '..',
    ';',
    '/',
    '\\',
    '0',
    '4294967296',
    '1.2.3.4',
    '::',
  ],
  ...['\u0000', '\u00e4', '\t', '\r', '#', '/*', '*/', 'all', 'where', 'filter', 'x'.repeat(70), '1+'.repeat(300)],
];

export interface ControlFuzzReport {
  readonly commands: number;
  /** How often an answer ended with each code. */
  readonly codes: ReadonlyMap<string, number>;
}

/** Throws at the first batch that breaks a rule. */
export async function fuzzControl(count: number, seed: number): Promise<ControlFuzzReport> {
  const random = mulberry32(seed);
  const lab = new Lab(
    [1, 2].map((n) => node(n) + block(n)).join('') + calico('BGPPeer', 'tor', { peerIP: '10.0.0.9', asNumber: 65009 }),
  );
  lab.start();
  lab.run(5 * SECOND);
  const served = await serve(targetOf(lab.router('node-1'), lab));
  const codes = new Map<string, number>();
  let commands = 0;
  while (commands < count) {
    const batch = Array.from({ length: Math.min(BATCH, count - commands) }, () => mutate(random));
    try {
      for (const code of await answersTo(served.path, batch, random)) codes.set(code, (codes.get(code) ?? 0) + 1);
      if (served.errors.length > 0) throw new Error('a command failed', { cause: served.errors[0] });
    } catch (error) {
      throw new Error(`seed ${seed}, command ${commands}:\n${JSON.stringify(batch)}`, { cause: error });
    }
    commands += batch.length;
    lab.run(SECOND);
  }
  await served.close();
  return { commands, codes };
}

/** The last code of each answer. */
async function answersTo(path: string, batch: readonly string[], random: () => number): Promise<string[]> {
  const client = await greeted(path);
  let text = batch.map((command) => `${command}\n`).join('');
  const expected = text.split('\n').length - 1;
  while (text !== '') {
    const length = 1 + Math.floor(random() * 3000);
    client.socket.write(text.slice(0, length));
    text = text.slice(length);
  }
  const codes: string[] = [];
  for (let i = 0; i < expected; i++) {
    const answer = await client.answer();
    for (const line of answer.split('\n')) {
      if (!ANSWER_LINE.test(line) || Buffer.byteLength(line) > 511) throw new Error(`bad line ${JSON.stringify(line)}`);
    }
    codes.push(answer.split('\n').at(-1)!.slice(0, 4));
  }
  client.close();
  return codes;
}

function mutate(random: () => number): string {
  let text = pick(SEEDS, random);
  for (let changes = Math.floor(random() * 4); changes > 0; changes--) text = change(text, random);
  return text;
}

function change(text: string, random: () => number): string {
  const at = Math.floor(random() * (text.length + 1));
  const [head, tail] = [text.slice(0, at), text.slice(at)];
  switch (Math.floor(random() * 6)) {
    case 0:
      return head + pick(SCRAPS, random) + tail;
    case 1:
      return head + tail.slice(1 + Math.floor(random() * 8));
    case 2:
      return `${head} ${pick(pick(SEEDS, random).split(' '), random)} ${tail}`;
    case 3:
      return head + String.fromCharCode(Math.floor(random() * 256)) + tail.slice(1);
    case 4:
      return text + pick(SEEDS, random);
    default:
      return head + tail.slice(0, 10).repeat(1 + Math.floor(random() * 60)) + tail;
  }
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!;
}

/** A generator that gives the same numbers for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (import.meta.main) {
  const [count = DEFAULT_COUNT, seed = Date.now() >>> 0] = process.argv.slice(2).map(Number);
  const began = performance.now();
  const { commands, codes } = await fuzzControl(count, seed);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const ends = [...codes].sort(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`);
  process.stdout.write(`${commands} commands, seed ${seed}, ${seconds} s; answers end with ${ends.join(', ')}\n`);
}
