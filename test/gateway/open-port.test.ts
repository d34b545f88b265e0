import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { checkOpenPort } from '../../src/gateway/open-port.ts';

function check(config: Config, environment = {}): string {
  const lines: string[] = [];
  const logger = pino({}, { write: (line) => void lines.push(line) });
  checkOpenPort(resolveConfig({ service: 'shop', channel: 'in-memory', ...config }, environment), environment, logger);
  return lines.join('');
}

const open = { http: { host: '0.0.0.0' } };
const production = { NODE_ENV: 'production' };

test('a port that other machines reach is a warning without auth', () => {
  expect(check(open)).toContain('AUTH=none');
});

test('a port that other machines reach is refused in production without auth', () => {
  expect(() => check(open, production)).toThrow('auth: is missing');
  expect(() => check({ http: { host: '::' } }, production)).toThrow('auth: is missing');
});

test('a port that is meant to be open, guarded, or on loopback is no problem', () => {
  expect(check(open, { ...production, AUTH: 'none' })).toBe('');
  expect(check({ ...open, auth: 'none' }, production)).toBe('');
  expect(check({ ...open, auth: {} }, production)).toBe('');
  expect(check({ http: { host: '127.0.0.1' } }, production)).toBe('');
});
