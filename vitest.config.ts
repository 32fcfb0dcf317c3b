import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/skip-reporter.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'bird-compat/**/*.test.ts', 'topologies/**/*.test.ts', 'test/**/*.test.ts'],
    // A command of its own: npm run image-test.
    exclude: ['**/node_modules/**', 'test/image/**'],
    reporters: ['default', new SkipReporter()],
    testTimeout: 30_000,
    maxWorkers: 2,
    // Real daemons, kernels and routers share CI's two cores with whatever else runs there. A test that needed its second
    // attempt is named at the end of the run: it is to be mended.
    retry: process.env.CI ? 1 : 0,
  },
});
