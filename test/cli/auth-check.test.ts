import { describe, expect, test } from 'vitest';
import { folderOf } from '../folder-of.ts';
import { keyOf, keysOf } from '../http/auth/callers.ts';
import { littoral } from './littoral.ts';

const files = {
  'littoral.config.json': JSON.stringify({
    service: 'shop',
    // Nothing listens there, and nothing connects to it.
    broker: { url: 'amqp://127.0.0.1:1' },
    auth: { keys: keysOf({ web: ['command:billing/billing.*'] }), anonymous: ['docs:read'] },
  }),
};
const run = (args: readonly string[], input = '') =>
  littoral(['auth:check', ...args], { cwd: folderOf(files), input }).ended;

describe('auth:check', () => {
  test('reads the token from standard input, and ends with 0 for an allowed request', async () => {
    const { code, stdout, stderr } = await run(['-', 'post', '/commands/billing/billing.change'], `${keyOf('web')}\n`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^request +POST \/commands\/billing\/billing\.change\n/);
    expect(stdout).toMatch(/^decision +allowed by the grant command:billing\/billing\.\*$/m);
  });

  test('ends with 1 for a refused request, and never prints the token', async () => {
    const { code, stdout } = await run([keyOf('other'), 'POST', '/commands/billing/x']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^decision +refused: The key or token is not known\.$/m);
    expect(stdout).not.toContain(keyOf('other'));
  });

  test('checks a request without credentials', async () => {
    const { code, stdout } = await run(['--anonymous', 'GET', '/docs']);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^grants +docs:read$/m) });
  });

  test.each([
    [[keyOf('web'), 'POST'], 'needs a token, a method and a path'],
    [['--anonymous', 'x', 'GET', '/docs'], 'needs a method and a path with --anonymous'],
    [[keyOf('web'), 'SEND', '/docs'], "'SEND' is not an HTTP method"],
    [[keyOf('web'), 'GET', 'docs'], 'must begin with /'],
  ])('ends with 2 for wrong usage: %j', async (args, reason) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(reason);
  });
});
