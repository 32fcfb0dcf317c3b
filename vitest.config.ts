import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/skip-reporter.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'bird-compat/**/*.test.ts', 'topologies/**/*.test.ts', 'test/**/*.test.ts'],
    reporters: ['default', new SkipReporter()],
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
