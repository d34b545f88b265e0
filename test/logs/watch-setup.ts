import { afterAll, afterEach, expect } from 'vitest';
import { takeLeaks, watchLogs } from './secret-watch.ts';

// Runs in each worker before each file of tests: a test fails during which a payload or a secret was logged.

watchLogs();

const checkLogs = () => expect(takeLeaks(), 'log lines with a payload or a secret').toEqual([]);
afterEach(checkLogs);
afterAll(checkLogs);
