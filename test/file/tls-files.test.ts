import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as tlsFiles from '../../src/file/tls-files.ts';
import { authority, certificate, type Pair, PemFolder } from '../certificates.ts';

type TlsFiles = tlsFiles.TlsFiles;
const names = { section: 'broker', variables: 'AMQP' };
const readTlsFiles = (files: TlsFiles) => tlsFiles.readTlsFiles(files, names);
const validateTlsFiles = (files: TlsFiles) => tlsFiles.validateTlsFiles(files, names);

const folder = new PemFolder();
let ca: Pair;
let client: Pair;
beforeAll(async () => {
  ca = await authority();
  client = await certificate('billing', ca);
  folder.write('ca.pem', ca.cert);
  folder.write('client.pem', client.cert);
  folder.write('client.key', client.key);
});
afterAll(() => folder.remove());

const at = (name: string) => join(folder.path, name);
const pair = () => ({ certFile: at('client.pem'), keyFile: at('client.key') });

describe('the files for TLS', () => {
  test('are read as they are by now', async () => {
    const files: TlsFiles = { caFile: folder.write('changing.pem', ca.cert), ...pair() };
    expect(new X509Certificate(readTlsFiles(files).ca ?? '').subject).toContain('An authority');
    folder.write('changing.pem', (await authority('Another')).cert);
    expect(new X509Certificate(readTlsFiles(files).ca ?? '').subject).toContain('Another');
  });

  test('may hold several certificates, text between them, and the key beside its certificate', () => {
    const both = folder.write('both.pem', `A comment\n${client.cert}\nSome garbage\n${ca.cert}\n${client.key}`);
    const { ca: trusted, cert, key } = readTlsFiles({ caFile: both, certFile: both, keyFile: both });
    expect(trusted?.match(/BEGIN/g)).toHaveLength(2);
    expect(cert?.match(/BEGIN/g)).toHaveLength(2);
    expect(key).toContain('PRIVATE KEY');
  });

  test.each<[string, () => TlsFiles, RegExp]>([
    [
      'that are not there',
      () => ({ caFile: '/nowhere/ca.pem' }),
      /^broker\.caFile: \/nowhere\/ca\.pem does not exist$/,
    ],
    ['that are folders', () => ({ caFile: folder.path }), /is a directory, not a regular file; name a file in it$/],
    ['that have no end', () => ({ caFile: '/dev/zero' }), /'\/dev\/zero' is a device, not a regular file$/],
    ['that are empty', () => ({ caFile: folder.write('empty.pem', '') }), /holds no certificate in PEM/],
    ['that hold a key alone', () => ({ caFile: at('client.key') }), /holds no certificate in PEM/],
    [
      'that are binary',
      () => ({ caFile: folder.write('a.der', String(new X509Certificate(ca.cert).raw)) }),
      /no certificate in PEM/,
    ],
    [
      'with a certificate that is damaged',
      () => ({
        caFile: folder.write('damaged.pem', ca.cert + client.cert.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')),
      }),
      /certificate 2 of 2 in .*damaged\.pem cannot be read/,
    ],
    [
      'with a certificate that is cut off',
      () => ({ caFile: folder.write('cut.pem', ca.cert + client.cert.slice(0, 200)) }),
      /has no end; the file is cut off/,
    ],
    [
      'with a certificate without its key',
      () => ({ certFile: at('client.pem') }),
      /^broker\.keyFile: is missing.*AMQP_KEY_FILE/,
    ],
    [
      'with a key without its certificate',
      () => ({ keyFile: at('client.key') }),
      /^broker\.certFile: is missing.*AMQP_CERT_FILE/,
    ],
    [
      'with a certificate in place of the key',
      () => ({ ...pair(), keyFile: at('client.pem') }),
      /holds no private key in PEM/,
    ],
    [
      'with the key of another certificate',
      () => ({ ...pair(), keyFile: folder.write('other.key', ca.key) }),
      /^broker\.keyFile: is not the private key of the first certificate/,
    ],
    [
      'with the certificate of the authority first',
      () => ({ ...pair(), certFile: folder.write('order.pem', ca.cert + client.cert) }),
      /its own certificate must come before/,
    ],
    [
      'with a key that is damaged',
      () => ({
        ...pair(),
        keyFile: folder.write('damaged.key', client.key.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')),
      }),
      /private key in .*damaged\.key cannot be read/,
    ],
    [
      'that are too large',
      () => ({ caFile: folder.write('large.pem', 'x'.repeat(2 ** 20 + 1)) }),
      /1048576 are allowed$/,
    ],
  ])('are invalid %s', (_, files, issue) => {
    expect(validateTlsFiles(files())).toEqual([expect.stringMatching(issue)]);
    expect(() => readTlsFiles(files())).toThrow(issue);
  });

  test.each(['pkcs8', 'sec1'] as const)('are invalid with an encrypted key, in the form %s', async (type) => {
    const options = { type, format: 'pem', cipher: 'aes-128-cbc', passphrase: 'hunter2' } as const;
    const encrypted = createPrivateKey(client.key).export(options) as string;
    const [issue] = validateTlsFiles({ ...pair(), keyFile: folder.write('encrypted.key', encrypted) });
    expect(issue).toMatch(/^broker\.keyFile: the private key in .* is encrypted.*openssl pkey/);
  });

  test('are invalid without the password of a URL that stands there by mistake', () => {
    expect(validateTlsFiles({ caFile: 'amqps://user:hunter2@broker' }).join()).not.toContain('hunter2');
  });

  test('are invalid all together', () => {
    expect(validateTlsFiles({ caFile: '/a', certFile: '/b', keyFile: '/c' })).toHaveLength(3);
  });
});
