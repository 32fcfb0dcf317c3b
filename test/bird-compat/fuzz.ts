// Mutated configurations through reader, compiler, Intent and engine: whatever the text, it is a configuration or a
// BirdError, and the filters of a configuration judge every route without an exception.
//
//   node test/bird-compat/fuzz.ts [count] [seed]        default: 100,000 texts, seed from the clock
//
// A failure prints the seed, the number of the text and the text.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { BirdError, birdIntent, readBirdConfiguration } from '../../bird-compat/index.ts';
import { type Intent, intentDocument } from '../../src/intent/index.ts';
import { evaluate, explain, type Policy, type PolicyRoute, policyKey, printPolicy } from '../../src/policy/index.ts';
import { attributes, EBGP, route } from '../../src/policy/policy.fixture.ts';

const DEFAULT_COUNT = 100_000;

export interface FuzzReport {
  readonly texts: number;
  readonly configurations: number;
  /** How often each sentence was the answer, without names and numbers. */
  readonly answers: ReadonlyMap<string, number>;
}

const ROUTES: readonly PolicyRoute[] = [
  route('10.1.0.0/16', {
    peer: EBGP,
    attributes: attributes({ communities: [0x10002], med: 5, largeCommunities: [[1, 2, 3]] }),
  }),
  route('10.2.3.0/24', {
    source: 'static',
    peer: undefined,
    from: undefined,
    attributes: { origin: 0, asPath: [] },
    interface: '',
  }),
  route('2001:db8::/32', { source: 'kernel', metric: 1024, gateway: undefined }),
];

/** Reads `count` mutated texts; throws at the first that breaks a rule. */
export function fuzz(count: number, seed: number): FuzzReport {
  const random = mulberry32(seed);
  const seeds = seedTexts();
  const words = [...new Set(seeds.flatMap((text) => text.match(WORD) ?? []))];
  const answers = new Map<string, number>();
  let configurations = 0;
  for (let i = 0; i < count; i++) {
    const text = mutate(pick(seeds, random), seeds, words, random);
    const bird = pick([1, 2, undefined] as const, random);
    const family = pick(['ipv4', 'ipv6'] as const, random);
    try {
      const answer = read(text, { family, ...(bird === undefined ? {} : { bird }) });
      if (answer === undefined) configurations++;
      else answers.set(answer, (answers.get(answer) ?? 0) + 1);
    } catch (error) {
      throw new Error(`seed ${seed}, text ${i}, BIRD ${bird}, ${family}:\n${text}`, { cause: error });
    }
  }
  return { texts: count, configurations, answers };
}

/** Undefined where the text was a configuration. */
function read(text: string, options: Parameters<typeof readBirdConfiguration>[2]): string | undefined {
  const files = { read: () => ({ text }), match: () => ['x'] };
  try {
    const configuration = readBirdConfiguration('fuzz.conf', files, options);
    const intent = birdIntent(configuration, { node: 'n', routerId: 1 });
    for (const [, symbol] of configuration.unit.global.entries()) if (symbol.type === 'filter') judge(symbol.policy);
    checkIntent(intent);
    return undefined;
  } catch (error) {
    if (!(error instanceof BirdError)) throw error;
    const { line, column } = error.place;
    if (error.text === '' || line < 1 || column < 0) throw new Error(`an answer without a place: ${error.message}`);
    return error.text.replace(/[\d.]+|'[^']*'/g, '#').slice(0, 60);
  }
}

function checkIntent(intent: Intent): void {
  for (const { importPolicy, exportPolicy } of intent.peers.values())
    for (const policy of [importPolicy, exportPolicy]) judge(policy);
  judge(intent.kernel.ipv4.policy);
  judge(intent.kernel.ipv6.policy);
  JSON.stringify(intentDocument(intent));
}

function judge(policy: Policy): void {
  policyKey(policy);
  printPolicy(policy);
  for (const each of ROUTES) {
    const { accepted } = evaluate(policy, each);
    if (explain(policy, each).accepted !== accepted) throw new Error('explain differs from evaluate');
  }
}

// --- texts

const WORD = /"[^"\n]*"|[A-Za-z_][\w.:-]*|[\d.:a-f]+|[^\sA-Za-z\d]+/g;

/** Besides what BIRD was asked: what deep and long texts are made of. */
const OWN = [
  'router id 10.0.0.1; protocol device { } define N = [ 10.0.0.0/8{9,24}, 2001:db8::/32+ ]; filter f { if net ~ N then accept; }',
  'function g(int n; clist c) bgppath p; { p = prepend(+empty+, n); if (1,n) ~ c then return p.len; return 0; } filter f { if g(5, bgp_community) > 0 then accept; }',
  'filter f { case bgp_med { 1..5, (2+7): print "a", net; else: { bgp_med = bgp_med * 3 / 2; } } unset(bgp_med); accept; }',
  'router id 1.1.1.1; protocol static s { ipv4 { import where net.len < 24; }; route 10.0.0.0/8 via 10.0.0.1 { bgp_path.prepend(7); }; }',
];

function seedTexts(): readonly string[] {
  const rows: readonly { readonly text: string }[] = parse(
    readFileSync(join(import.meta.dirname, 'answers.yaml'), 'utf8'),
  );
  return [...rows.map(({ text }) => text), ...OWN];
}

const LONGEST = 20_000;

function mutate(chosen: string, seeds: readonly string[], words: readonly string[], random: () => number): string {
  let text = chosen;
  for (let rounds = random() < 0.6 ? 1 : 1 + Math.floor(random() * 3); rounds > 0; rounds--) {
    text = MUTATIONS[Math.floor(random() * MUTATIONS.length)]!(text, seeds, words, random).slice(0, LONGEST);
  }
  return text;
}

type Mutation = (text: string, seeds: readonly string[], words: readonly string[], random: () => number) => string;

const at = (text: string, random: () => number) => Math.floor(random() * (text.length + 1));
const ODD = [
  '\r',
  '\u0000',
  'é',
  '\n',
  '"',
  "'",
  '/*',
  '#',
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  '[=',
  '=]',
  '..',
  ';',
  '99999999999',
  '::',
  '.',
];

/** One word for another keeps more of the sense than one character for another. */
const replaceWord: Mutation = (text, _, words, random) => {
  const found = [...text.matchAll(WORD)];
  if (found.length === 0) return text;
  const { index, 0: old } = pick(found, random);
  return text.slice(0, index) + pick(words, random) + text.slice(index + old.length);
};

const KINDS = [/^\d+$/, /^[\d.]+\.[\d.]+$/, /^"/, /^(?:bgp|krt)_/, /^[=<>~!&|]+$/, /^(?:accept|reject|error|return)$/];

/** A number for a number, an address for an address: most of these are configurations. */
const replaceAlike: Mutation = (text, _, words, random) => {
  const kind = pick(KINDS, random);
  const found = [...text.matchAll(WORD)].filter(([word]) => kind.test(word));
  if (found.length === 0) return text;
  const { index, 0: old } = pick(found, random);
  const alike = words.filter((word) => kind.test(word));
  return text.slice(0, index) + pick(alike, random) + text.slice(index + old.length);
};

const moveStatement: Mutation = (text, _, __, random) => {
  const found = [...text.matchAll(/[^{};]+;/g)];
  if (found.length === 0) return text;
  const [statement] = pick(found, random);
  const { index } = pick(found, random);
  return text.slice(0, index) + statement + text.slice(index);
};

const MUTATIONS: readonly Mutation[] = [
  ...[replaceAlike, replaceAlike, replaceAlike, replaceAlike, moveStatement, moveStatement, replaceWord, replaceWord],
  (text, _, words, random) => {
    const i = at(text, random);
    return `${text.slice(0, i)} ${pick(words, random)} ${text.slice(i)}`;
  },
  (text, _, __, random) => {
    const i = at(text, random);
    return text.slice(0, i) + text.slice(i + 1 + Math.floor(random() * 12));
  },
  (text, _, __, random) => {
    const i = at(text, random);
    return text.slice(0, i) + pick(ODD, random) + text.slice(i);
  },
  (text, seeds, _, random) => {
    const other = pick(seeds, random);
    return text.slice(0, at(text, random)) + other.slice(at(other, random));
  },
  (text, seeds, _, random) => `${text}\n${pick(seeds, random)}`,
  (text, _, __, random) => text.slice(0, at(text, random)),
  (text, _, __, random) => {
    const i = at(text, random);
    const piece = text.slice(i, i + 1 + Math.floor(random() * 20));
    return text.slice(0, i) + piece.repeat(Math.floor(random() * 600)) + text.slice(i);
  },
];

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)]!;
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

if (import.meta.main) {
  const [count = DEFAULT_COUNT, seed = Date.now() >>> 0] = process.argv.slice(2).map(Number);
  const { texts, configurations, answers } = fuzz(count, seed);
  console.log(`seed ${seed}: ${texts} texts, ${configurations} were configurations, ${answers.size} different answers`);
}
