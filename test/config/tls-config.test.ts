import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';
import { caught } from '../caught.ts';
import { authority, certificate, type Pair } from '../certificates.ts';
import { folderOf } from '../folder-of.ts';

let ca: Pair;
let server: Pair;
let other: Pair;
beforeAll(async () => {
  ca = await authority();
  server = await certificate('localhost', ca);
  other = await certificate('localhost', ca);
});

function files() {
  const folder = folderOf({ 'a.crt': server.cert, 'a.key': server.key, 'b.key': other.key, 'ca.crt': ca.cert });
  const at = (name: string) => join(folder, name);
  return { certFile: at('a.crt'), keyFile: at('a.key'), otherKey: at('b.key'), caFile: at('ca.crt'), folder };
}

async function issues(tls: object, environment: Record<string, string> = {}): Promise<string[]> {
  const error = await caught(() => resolveConfig({ service: 'shop', http: { tls } }, environment));
  return error.message.split('\n- ').slice(1);
}

describe('http.tls', () => {
  test('asks for no client certificates unless it says so', () => {
    const { certFile, keyFile } = files();
    const { http } = resolveConfig({ service: 'shop', http: { tls: { certFile, keyFile } } }, {});
    expect(http.tls).toEqual({ certFile, keyFile, clientCertificates: 'none' });
  });

  test('is read from the environment', () => {
    const { certFile, keyFile, caFile } = files();
    const environment = {
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
      TLS_CA_FILE: caFile,
      TLS_CLIENT_CERTIFICATES: 'require',
    };
    const { http } = resolveConfig({ service: 'shop', http: { tls: { certFile: '/overridden' } } }, environment);
    expect(http.tls).toEqual({ certFile, keyFile, caFile, clientCertificates: 'require' });
  });

  test.each<[string, (given: ReturnType<typeof files>) => object, RegExp]>([
    ['no files', () => ({}), /^http\.tls\.certFile: is missing; .*TLS_CERT_FILE/],
    ['no key', ({ certFile }) => ({ certFile }), /^http\.tls\.keyFile: is missing; .*TLS_KEY_FILE/],
    ['no certificate', ({ keyFile }) => ({ keyFile }), /^http\.tls\.certFile: is missing; .*TLS_CERT_FILE/],
    [
      'a file that is not there',
      ({ keyFile }) => ({ keyFile, certFile: '/nowhere.pem' }),
      /^http\.tls\.certFile: \/nowhere\.pem does not exist$/,
    ],
    [
      'a folder',
      ({ certFile, folder }) => ({ certFile, keyFile: folder }),
      /^http\.tls\.keyFile: .* is a directory, not a regular file; name a file in it$/,
    ],
    [
      'the key of another certificate',
      ({ certFile, otherKey }) => ({ certFile, keyFile: otherKey }),
      /^http\.tls\.keyFile: is not the private key of the first certificate in http\.tls\.certFile/,
    ],
    [
      'client certificates without an authority',
      ({ certFile, keyFile }) => ({ certFile, keyFile, clientCertificates: 'require' }),
      /^http\.tls\.caFile: is missing; .*TLS_CA_FILE.*'require'$/,
    ],
    [
      'an authority without client certificates',
      ({ certFile, keyFile, caFile }) => ({ certFile, keyFile, caFile }),
      /^http\.tls\.caFile: is for client certificates/,
    ],
    [
      'another word for client certificates',
      ({ certFile, keyFile, caFile }) => ({ certFile, keyFile, caFile, clientCertificates: 'required' }),
      /^http\.tls\.clientCertificates: /,
    ],
    [
      'a setting that does not exist',
      ({ certFile, keyFile }) => ({ certFile, keyFile, passphrase: 'x' }),
      /^http\.tls\.passphrase: /,
    ],
    ['an empty name', ({ keyFile }) => ({ certFile: '', keyFile }), /^http\.tls\.certFile: /],
    ['no object', () => [], /^http\.tls: /],
  ])('is refused with %s', async (_, settings, issue) => {
    expect(await issues(settings(files()))).toEqual([expect.stringMatching(issue)]);
  });

  test('is refused with every issue at once, each with its variable', async () => {
    const environment = { TLS_CERT_FILE: '/a', TLS_KEY_FILE: '/b', TLS_CLIENT_CERTIFICATES: 'request' };
    expect(await issues({}, environment)).toEqual([
      'TLS_CERT_FILE (http.tls.certFile): /a does not exist',
      'TLS_KEY_FILE (http.tls.keyFile): /b does not exist',
      expect.stringMatching(/^http\.tls\.caFile: is missing/),
    ]);
  });
});
