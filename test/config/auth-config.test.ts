import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { caught, everythingIn } from '../caught.ts';
import { folderOf } from '../folder-of.ts';

const hash = 'ab'.repeat(32);
const key = { id: 'web', sha256: hash, grants: ['command:*'] };

const jwt = { issuer: 'https://i', audience: 'a', jwksUrl: 'https://issuer.example/keys', algorithms: ['RS256'] };

async function issueOf(auth: unknown, environment = {}): Promise<string> {
  const error = await caught(() => resolveConfig({ service: 'shop', auth } as Config, environment));
  expect(error.code).toBe('invalid-configuration');
  return error.message;
}

describe('the settings of callers', () => {
  test('are taken as they are', () => {
    const auth = { keys: [key, { ...key, sha256: 'CD'.repeat(32) }], anonymous: ['event:order.*'] };
    expect(resolveConfig({ service: 'shop', auth }, {}).auth).toEqual(auth);
    expect(resolveConfig({ service: 'shop' }, {}).auth).toBeUndefined();
  });

  test.each<[unknown, string]>([
    [{ keys: [{ ...key, sha256: undefined }] }, 'auth.keys.0: has no key'],
    [{ keys: [{ ...key, file: '/keys' }] }, 'auth.keys.0: has sha256 and file'],
    [{ keys: [{ ...key, sha256: 'the-key-itself-by-mistake' }] }, 'auth.keys.0.sha256: is not the SHA-256'],
    [{ keys: [key, { ...key, id: 'other' }] }, "auth.keys.1.sha256: is the key of 'web' as well"],
    [{ keys: [key, { ...key, sha256: hash.toUpperCase() }] }, 'auth.keys.1.sha256'],
    [{ keys: [{ ...key, grants: ['command:*', 'comand:*'] }] }, 'auth.keys.0.grants.1: is no grant. Available: '],
    [{ keys: [{ ...key, grants: 'command:*' }] }, 'auth.keys.0.grants'],
    [{ keys: [{ ...key, id: '' }] }, 'auth.keys.0.id'],
    [{ keys: [{ ...key, id: 'a\nb' }] }, 'auth.keys.0.id: has a control character'],
    [{ keys: [{ ...key, key: 'x' }] }, 'auth.keys.0.key: is not a setting'],
    [{ keys: {} }, 'auth.keys'],
    [{ anonymous: ['read'] }, 'auth.anonymous.0: is no grant'],
    [{ jwt: [{ ...jwt, jwksUrl: undefined }] }, 'auth.jwt.0: has no keys'],
    [{ jwt: [{ ...jwt, jwksFile: '/keys' }] }, 'auth.jwt.0: has jwksUrl and jwksFile'],
    [{ jwt: [{ ...jwt, jwksUrl: 'http://issuer.example/keys' }] }, 'auth.jwt.0.jwksUrl: is http, and not on loopback'],
    [{ jwt: [{ ...jwt, jwksUrl: 'file:///keys' }] }, 'auth.jwt.0.jwksUrl: is not an address'],
    [{ jwt: [{ ...jwt, jwksUrl: 'issuer' }] }, 'auth.jwt.0.jwksUrl: is not an address'],
    [{ jwt: [{ ...jwt, jwksUrl: 'https://u:the-key-itself@issuer.example' }] }, 'auth.jwt.0.jwksUrl: has a user'],
    [{ jwt: [{ ...jwt, algorithms: [] }] }, 'auth.jwt.0.algorithms'],
    [{ jwt: [{ ...jwt, algorithms: undefined }] }, 'auth.jwt.0: must have required properties algorithms'],
    [{ jwt: [{ ...jwt, algorithms: ['none'] }] }, 'auth.jwt.0.algorithms.0'],
    [{ jwt: [{ ...jwt, algorithms: ['HS256'] }] }, 'auth.jwt.0.algorithms.0'],
    [{ jwt: [{ ...jwt, audience: undefined }] }, 'auth.jwt.0: must have required properties audience'],
    [{ jwt: [{ ...jwt, issuer: undefined }] }, 'auth.jwt.0: must have required properties issuer'],
    [{ jwt: [{ ...jwt, clockToleranceSeconds: 3600 }] }, 'auth.jwt.0.clockToleranceSeconds'],
    [{ mtls: { 'spiffe://web': ['command:*'] } }, 'auth.mtls: no caller is asked for a certificate'],
    [{ mtls: { web: ['command:*'] } }, 'auth.mtls.web: is not a name that a certificate can have'],
    [{ mtls: { 'CN=web': ['commands:*'] } }, 'auth.mtls.CN=web.0: is no grant'],
    [{ key: [] }, 'auth.key: is not a setting'],
    ['None', 'auth'],
    [true, 'auth'],
  ])('are refused as %j: %s', async (auth, issue) => {
    const text = await issueOf(auth);
    expect(text).toContain(issue);
    expect(text).not.toContain('the-key-itself');
  });

  test.each<[string, string]>([
    ['short', 'line 1 has fewer than 16 characters'],
    ['long-enough-to-be-a-key\nsha256:abc', 'line 2 is not the SHA-256'],
    ['a key of several words', 'line 1 has other characters'],
  ])('refuse a file of keys that holds %j', async (content, issue) => {
    const file = join(folderOf({ keys: content }), 'keys');
    const error = await caught(() =>
      resolveConfig({ service: 'shop', auth: { keys: [{ id: 'web', file, grants: [] }] } }, {}),
    );
    expect(error.message).toContain(`auth.keys.0.file: ${file} ${issue}`);
    expect(everythingIn(error)).not.toContain('several words');
  });

  test.each<[string, string]>([
    ['{', 'is not JSON'],
    ['[]', 'is no JSON Web Key Set'],
    ['{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', 'has no public key'],
    ['{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ"}]}', 'has a private key'],
  ])('refuse a file of public keys that holds %s', async (content, issue) => {
    const jwksFile = join(folderOf({ keys: content }), 'keys');
    const text = await issueOf({ jwt: [{ ...jwt, jwksUrl: undefined, jwksFile }] });
    expect(text).toContain(`auth.jwt.0.jwksFile: ${jwksFile} ${issue}`);
  });

  test.each(['http://127.0.0.1:8080/keys', 'http://[::1]/keys', 'http://localhost/keys'])(
    'may name keys at %s',
    (jwksUrl) => {
      const auth = { jwt: [{ ...jwt, jwksUrl, algorithms: ['RS256' as const] }] };
      expect(resolveConfig({ service: 'shop', auth }, {}).auth).toEqual(auth);
    },
  );

  test('may say that everyone may, also by AUTH', async () => {
    expect(resolveConfig({ service: 'shop', auth: 'none' }, {}).auth).toBe('none');
    expect(resolveConfig({ service: 'shop' }, { AUTH: 'none' }).auth).toBe('none');
    expect(await issueOf(undefined, { AUTH: 'off' })).toContain("AUTH: is not 'none'");
    expect(await issueOf({ keys: [key] }, { AUTH: 'none' })).toContain('AUTH: is none, and auth is set');
  });
});
