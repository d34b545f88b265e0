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

const shared = {
  resolve: { conditions: ['littoral-src'] },
  ssr: { resolve: { conditions: ['littoral-src'] } },
};

/** Folders whose tests hold nothing that outlives them, so that the files of a worker can share what they import. */
const sharing = `test/{${[
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
          include: [`${sharing}/**/*.test.ts`],
          exclude: ['test/**/*.rabbit.test.ts'],
          // Importing takes longer than testing.
          isolate: false,
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
          exclude: ['test/**/*.rabbit.test.ts', `${sharing}/**`],
          globalSetup: ['test/package/build-package.ts'],
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
          retry,
          testTimeout: timeLimitMs,
          hookTimeout: timeLimitMs,
        },
      },
    ],
  },
});
