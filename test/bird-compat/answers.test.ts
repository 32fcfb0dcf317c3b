// What is accepted, what is refused, where and with which words: Caracal's reader against what BIRD 1.6.8 and BIRD 2.0.12
// answered, and the BIRD 2 of this machine against the same answers, so that they are known to be true.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { answer, FRAME, read } from '../../bird-compat/bird.fixture.ts';
import { BirdError, readCommandTerm } from '../../bird-compat/index.ts';
import { evaluate } from '../../src/policy/index.ts';
import { route } from '../../src/policy/policy.fixture.ts';
import { describeWith } from '../requirements.ts';

interface Row {
  readonly text: string;
  readonly bird1: string;
  readonly bird2: string;
  readonly caracal1?: string;
  readonly caracal2?: string;
}

interface Values {
  readonly functions: readonly string[];
  readonly functionsOfBird1: readonly string[];
  readonly rows: readonly (Omit<Row, 'text'> & { readonly term: string })[];
}

const load = (name: string) => parse(readFileSync(join(import.meta.dirname, name), 'utf8'));
const ANSWERS: readonly Row[] = load('answers.yaml');
const VALUES: Values = load('values.yaml');

describe('a configuration is answered as BIRD does', () => {
  test.each(ANSWERS)('$text', ({ text, bird1, bird2, caracal1 = bird1, caracal2 = bird2 }) => {
    expect([answer(text, { bird: 1 }), answer(text, { bird: 2 })]).toEqual([caracal1, caracal2]);
  });

  test('but for a few', () => {
    const other = ANSWERS.filter(({ caracal1, caracal2 }) => caracal1 !== undefined || caracal2 !== undefined);
    expect(other.length / ANSWERS.length).toBeLessThan(0.07);
  });
});

describe('a term has the value that BIRD gives it', () => {
  const frame = `${FRAME}define C5 = 5;\n${VALUES.functions.join('\n')}`;
  const configurations = {
    1: read(`${frame}\n${VALUES.functionsOfBird1.join('\n')}`, { bird: 1 }),
    2: read(frame, { bird: 2 }),
  };
  const birdValue = (term: string, bird: 1 | 2): string => {
    try {
      const { error, printed } = evaluate(readCommandTerm(term, configurations[bird]), route('10.0.0.0/8'));
      // A function that accepts ends the term, too.
      return error !== undefined || printed === undefined ? 'error' : printed.at(-1)!.trim();
    } catch (problem) {
      if (problem instanceof BirdError) return 'refused';
      throw problem;
    }
  };

  test.each(VALUES.rows)('$term', ({ term, bird1, bird2, caracal1 = bird1, caracal2 = bird2 }) => {
    expect([birdValue(term, 1), birdValue(term, 2)]).toEqual([caracal1.trim(), caracal2.trim()]);
  });
});

const TIMEOUT_MS = 120_000;

describeWith(['bird'], 'the BIRD 2 of this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'caracal-answers-'));
  const answers = new Map<string, string>();

  beforeAll(async () => {
    for (const [index, { text }] of ANSWERS.entries()) {
      const file = join(folder, `${index}.conf`);
      writeFileSync(file, text);
      answers.set(text, await birdAnswer(file));
    }
  }, TIMEOUT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('accepts and refuses the same configurations, at the same places', () => {
    const place = (said: string | undefined) => said?.split(' ')[0];
    const actual = ANSWERS.map(({ text }) => [text, place(answers.get(text))]);
    expect(actual).toEqual(ANSWERS.map(({ text, bird2 }) => [text, place(bird2)]));
  });
});

function birdAnswer(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const bird = spawn('bird', ['-p', '-c', file], {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    bird.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    bird.on('error', reject);
    bird.on('close', (code) => resolve(code === 0 ? 'fine' : (errors.split(`${file}:`).at(-1) ?? '')));
  });
}
