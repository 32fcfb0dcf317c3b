// The end of a CI run: lists the tests that were skipped or needed a second attempt, and closes with the counts alone on a line. Fails when a test
// was skipped for want of something that CI installs, when there are no results, or when a phase failed.

import { existsSync, readFileSync } from 'node:fs';

/** What no package brings: it lies beside the project, or it does not. */
const EXCUSES = ['CARACAL_CONFORMANCE', 'KUBEBUILDER_ASSETS'];

const [file, ...failedPhases] = process.argv.slice(2);
const summary = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { passed: 0, failed: 0, skipped: [], repeated: [] };

for (const { file: test, name, reason } of summary.skipped) console.log(`skipped: ${test}: ${name}: ${reason}`);
for (const name of summary.repeated) console.log(`passed only at a second attempt: ${name}`);
const unexcused = summary.skipped.filter(({ reason }) => !EXCUSES.some((excuse) => reason.includes(excuse)));
if (unexcused.length > 0)
  console.log(`CI installs what ${unexcused.length} of these need: that they were skipped is a failure`);
if (summary.passed === 0) console.log('no test has passed');
for (const phase of failedPhases) console.log(`failed: ${phase}`);

// A phase that failed before or beside the tests is a failure too, and shows in the count.
const failed = summary.failed + failedPhases.filter((phase) => phase !== 'test' || summary.failed === 0).length;
console.log(`${summary.passed} passed, ${failed} failed, ${summary.skipped.length} skipped`);
process.exitCode = failed > 0 || unexcused.length > 0 || summary.passed === 0 ? 1 : 0;
