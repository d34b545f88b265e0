import { defineConfig } from 'vitest/config';
import { SecondAttempts } from './test/second-attempts.ts';

// For what hangs, not for what is slow: some machines are ten times slower than others.
const timeLimitMs = 240_000;

/**
 * A busy machine can delay a broker or a process by more than a test foresees. What needs its second attempt is listed
 * at the end of the run.
 */
const retry = 1;

/** Fails each test during which a payload or a secret was logged. */
const setupFiles = ['test/logs/watch-setup.ts'];

/**
 * False: the files that a worker runs share what they import, which takes longer than most of them test. A file undoes
 * what it registers in its process.
 */
const isolate = false;

const shared = {
  resolve: { conditions: ['littoral-src'] },
  ssr: { resolve: { conditions: ['littoral-src'] } },
};

/** Folders whose tests need neither the built package nor another process. */
const unitFolders = `test/{${[
  'text,time,promise,file,collection,message,schema,engine,conversion,expression,wire,parameter,deduplication,handler,bus,scope',
  'recovery,deferral,delay,dead-letter,endpoint,flow,http,routes,openapi,testing,config',
].join(',')}}`;

export default defineConfig({
  test: {
    // More than two cores: most tests wait for a broker or a process.
    maxWorkers: 3,
    reporters: [new SecondAttempts(), 'default'],
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          setupFiles,
          include: [`${unitFolders}/**/*.test.ts`],
          exclude: ['test/**/*.rabbit.test.ts'],
          isolate,
          testTimeout: timeLimitMs,
          hookTimeout: timeLimitMs,
        },
      },
      {
        ...shared,
        test: {
          name: 'gateway',
          setupFiles,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.rabbit.test.ts', `${unitFolders}/**`],
          globalSetup: ['test/package/build-package.ts'],
          isolate,
          retry,
          testTimeout: timeLimitMs,
          hookTimeout: timeLimitMs,
        },
      },
      {
        ...shared,
        test: {
          name: 'rabbit',
          setupFiles,
          include: ['test/**/*.rabbit.test.ts'],
          globalSetup: ['test/package/build-package.ts', 'test/broker/global-setup.ts'],
          isolate,
          retry,
          testTimeout: timeLimitMs,
          hookTimeout: timeLimitMs,
        },
      },
    ],
  },
});
