import { afterAll, afterEach, expect } from 'vitest';
import { takeLeaks, watchLogs } from './secret-watch.ts';

// Runs in each worker before each test file. A test fails if a payload or a secret is logged while it runs.

watchLogs();

const checkLogs = () => expect(takeLeaks(), 'log lines with a payload or a secret').toEqual([]);
afterEach(checkLogs);
afterAll(checkLogs);
