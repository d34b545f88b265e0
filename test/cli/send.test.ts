import { expect, test } from 'vitest';
import { findFreePorts } from '../broker/free-ports.ts';
import { folderOf } from '../folder-of.ts';
import { littoral } from './littoral.ts';

const environment = { SERVICE_NAME: 'billing' };

test('without a broker nothing is sent, and it says what to set', async () => {
  const { code, stdout, stderr } = await littoral(['send', 'billing', 'work', 'x'], { cwd: folderOf(), environment })
    .ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('Set AMQP_URL.');
});

test('a broker that cannot be reached is exit code 1, with code and outcome, and without its password', async () => {
  const [port] = await findFreePorts(1);
  const AMQP_URL = `amqp://littoral:hunter2@127.0.0.1:${port}`;
  const options = { cwd: folderOf(), environment: { ...environment, AMQP_URL } };
  const { code, stdout, stderr } = await littoral(['publish', 'work', 'x'], options).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`cannot use amqp://127.0.0.1:${port}`);
  expect(stderr).toContain('\ncode: broker-unavailable, outcome: not-accepted\n');
  expect(stderr).not.toContain('hunter2');
});

test.each([
  [
    'nope.ndjson',
    /^littoral: option '--batch <file>' argument .* is invalid\. The file \/.*\/nope\.ndjson does not exist\.\n/,
  ],
  ['.', /^littoral: option '--batch <file>' argument .* is invalid\. \/.* is a directory; name a file in it\.\n/],
])('names a batch file that cannot be read: %s', async (file, text) => {
  const options = { cwd: folderOf(), environment: { ...environment, AMQP_URL: 'amqp://127.0.0.1:1' } };
  const { code, stdout, stderr } = await littoral(['send', '--batch', file], options).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(text);
});

test('a header that belongs to the framework is exit code 2, and named', async () => {
  const options = { cwd: folderOf(), environment: { ...environment, AMQP_URL: 'amqp://127.0.0.1:1' } };
  const { code, stderr } = await littoral(['publish', 'work', 'x', '-H', 'id: 7'], options).ended;
  expect(code).toBe(2);
  expect(stderr).toContain("The header 'id' belongs to the framework");
});

test('without a service name it says where to set one', async () => {
  const { code, stderr } = await littoral(['send', 'billing', 'work', 'x'], { cwd: folderOf() }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('SERVICE_NAME');
});
