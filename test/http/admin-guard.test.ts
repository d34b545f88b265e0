import type { FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import { adminGuard } from '../../src/http/admin-guard.ts';
import { AdminToken } from '../../src/http/admin-token.ts';
import { caught, everythingIn } from '../caught.ts';

const adminToken = 'a-secret-of-the-operators';

function call(host: string, token: string | undefined, authorization?: string) {
  const guard = adminGuard({ host, adminToken: new AdminToken(token) });
  return () => guard({ headers: { authorization } } as FastifyRequest);
}

describe('an admin token', () => {
  test.each(['127.0.0.1', '0.0.0.0', 'gateway.internal'])('admits a request that carries it, on %s', (host) => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      expect(call(host, adminToken, `${scheme} ${adminToken}`)).not.toThrow();
    }
  });

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${adminToken}x`,
    `Bearer ${adminToken.slice(1)}`,
    `Bearer ${adminToken} x`,
    `Basic ${adminToken}`,
    adminToken,
    `Bearer ${adminToken.toUpperCase()}`,
  ])('nobody else may, on loopback neither: %s', async (authorization) => {
    const error = await caught(call('127.0.0.1', adminToken, authorization));
    expect(error).toMatchObject({
      code: 'unauthorized',
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="littoral"' },
    });
    expect(everythingIn(error)).not.toContain(adminToken);
  });
});

describe('without an admin token', () => {
  test.each(['127.0.0.1', 'localhost', '::1', '127.1.2.3'])('requests from this machine pass, on %s', (host) => {
    expect(call(host, undefined)).not.toThrow();
  });

  test.each(['0.0.0.0', '::', '192.168.0.7', 'gateway.internal', '127.0.0.1.example.org'])(
    'no request passes where other machines can connect: on %s',
    async (host) => {
      expect(await caught(call(host, undefined, 'Bearer x'))).toMatchObject({
        code: 'admin-token-not-set',
        status: 403,
        message: expect.stringContaining('ADMIN_TOKEN'),
      });
    },
  );
});
