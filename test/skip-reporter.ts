// A vitest reporter that lists skipped tests with their reasons and tests that passed only at a second attempt, and
// writes the counts of a run for CI.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export interface RunSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
  /** Tests that passed only at a second attempt: `file: name`. */
  readonly repeated: readonly string[];
}

interface SkippedTest {
  readonly file: string;
  readonly name: string;
  readonly reason: string;
}

/** Environment variable: the file that gets the RunSummary as JSON. */
const SUMMARY_FILE = 'CARACAL_TEST_SUMMARY';

export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const summary = summarise(modules, errors.length);
    const file = process.env[SUMMARY_FILE];
    if (file !== undefined) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(summary, null, 2));
    }
    for (const line of describeSkipped(summary.skipped)) console.log(line);
    for (const name of summary.repeated) console.log(` passed only at a second attempt: ${name}`);
  }
}

function summarise(modules: readonly TestModule[], unhandledErrors: number): RunSummary {
  const tests = modules.flatMap((module) => [...module.children.allTests()].map((test) => ({ module, test })));
  // Where a `beforeAll` fails vitest calls the tests behind it skipped; they failed.
  const outcomes = tests.map(({ test }) => (hasFailedAround(test) ? 'failed' : test.result().state));
  const count = (state: string) => outcomes.filter((outcome) => outcome === state).length;
  // A file that could not be loaded has no tests, and an error outside of tests belongs to none.
  const broken = modules.filter((module) => module.errors().length > 0).length;
  const skipped = tests.filter((_, index) => outcomes[index] === 'skipped');
  return {
    passed: count('passed'),
    failed: count('failed') + broken + unhandledErrors,
    skipped: skipped.map(({ module, test }) => ({
      file: relative(process.cwd(), module.moduleId),
      name: test.fullName.replace(REASON, ''),
      reason: reasonOf(test),
    })),
    repeated: tests
      .filter(({ test }) => test.diagnostic()?.flaky === true)
      .map(({ module, test }) => `${relative(process.cwd(), module.moduleId)}: ${test.fullName}`),
  };
}

function hasFailedAround(test: TestCase): boolean {
  for (let around = test.parent; around.type === 'suite'; around = around.parent) {
    if (around.errors().length > 0) return true;
  }
  return false;
}

const REASON = / \[skipped: (.*?)\]/;

function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note ?? REASON.exec(test.fullName)?.[1] ?? 'no reason given';
}

/** One line for each file and reason. */
function describeSkipped(skipped: readonly SkippedTest[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { file, reason } of skipped) {
    const key = `${file}: ${reason}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => ` skipped ${count} in ${key}`);
}
