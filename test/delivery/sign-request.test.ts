import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readSecrets, signatureHeaders } from '../../src/delivery/sign-request.ts';
import { thrownBy } from '../caught.ts';

// The test vector that is published with Standard Webhooks.
const published = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampSeconds: 1614265330,
  body: Buffer.from('{"test": 2432232314}'),
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

const secretOf = (bytes: number) => `whsec_${randomBytes(bytes).toString('base64')}`;

describe('a signature', () => {
  // The library compares the time of the request with that of the process.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: published.timestampSeconds * 1000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is that of the published test vector', () => {
    expect(signatureHeaders(readSecrets(published.secret), published)).toEqual({
      'webhook-id': published.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': published.signature,
    });
  });

  test('is verified by the official library with each of two secrets', () => {
    const [newest, oldest, other] = [secretOf(64), secretOf(24), secretOf(32)];
    const headers = { ...signatureHeaders(readSecrets(`${newest}\n${oldest}\n`), published) };
    expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
    for (const secret of [newest, oldest]) {
      expect(new Webhook(secret).verify(published.body.toString(), headers)).toEqual({ test: 2432232314 });
      expect(() => new Webhook(secret).verify('{"test": 2432232315}', headers)).toThrow(/signature/i);
      for (const changed of [{ 'webhook-id': 'other' }, { 'webhook-timestamp': '1614265331' }]) {
        expect(() => new Webhook(secret).verify(published.body.toString(), { ...headers, ...changed })).toThrow(
          /signature/i,
        );
      }
    }
    expect(() => new Webhook(other).verify(published.body.toString(), headers)).toThrow(/signature/i);
  });

  test.each([
    ['an UUID', '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10', '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10'],
    ['a dot', 'a.1', 'a%2E1'],
    ['a percent sign', '%2E', '%252E'],
    ['a line break', 'a\r\nX-Admin: 1', 'a%0D%0AX-Admin:%201'],
    ['half a character', '\ud800ü', '%EF%BF%BD%C3%BC'],
  ])('is of an id that a header can hold, from %s', (_what, id, written) => {
    const headers = { ...signatureHeaders(readSecrets(published.secret), { ...published, id }) };
    expect(headers['webhook-id']).toBe(written);
    expect(new Webhook(published.secret).verify(published.body.toString(), headers)).toEqual({ test: 2432232314 });
  });
});

describe('a file of secrets', () => {
  test.each([
    ['one secret', published.secret, 1],
    ['a line break at its end', `${published.secret}\n`, 1],
    [
      'a byte order mark, empty lines, white space and CRLF',
      `\ufeff\r\n ${published.secret}\t\r\n\r\n${secretOf(64)}\r\n`,
      2,
    ],
  ])('is read with %s', (_what, text, count) => {
    const secrets = readSecrets(text);
    expect(secrets).toHaveLength(count);
    expect(secrets[0]?.export()).toEqual(Buffer.from(published.secret.slice(6), 'base64'));
  });

  test.each([
    ['nothing', '\n', 'holds no secret'],
    ['three secrets', `${secretOf(24)}\n${secretOf(24)}\n${secretOf(24)}`, 'holds 3 secrets'],
    ['23 bytes', `${secretOf(24)}\n\n${secretOf(23)}`, 'in line 3 has 23 bytes'],
    ['65 bytes', secretOf(65), 'in line 1 has 65 bytes'],
    ['no prefix', secretOf(24).slice(6), 'does not begin with whsec_'],
    ['another prefix', secretOf(24).replace('whsec', 'WHSEC'), 'does not begin with whsec_'],
    ['a private key', secretOf(24).replace('whsec', 'whsk'), 'is a key for asymmetric signatures (whsk_…)'],
    ['a public key', secretOf(24).replace('whsec', 'whpk'), 'is a key for asymmetric signatures (whpk_…)'],
    ['no base64', `whsec_${'!'.repeat(32)}`, 'is not base64'],
    [
      'base64 without its padding',
      `whsec_${Buffer.alloc(25, 7).toString('base64').replaceAll('=', '')}`,
      'is not base64',
    ],
    ['base64 for URLs', `whsec_${'_-'.repeat(16)}`, 'is not base64'],
    ['two secrets in a line', `${secretOf(24)} ${secretOf(24)}`, 'is not base64'],
  ])('is refused with %s, without its content in the error', (_what, text, reason) => {
    const error = thrownBy(() => readSecrets(text));
    expect(error).toMatchObject({ code: 'invalid-configuration' });
    expect(String(error)).toContain(reason);
    const secrets = text.split(/\s+/).flatMap((line) => line.replace(/^wh\w*?_/i, '').match(/.{8}/g) ?? []);
    for (const part of secrets) expect(inspect(error)).not.toContain(part);
  });

  test('does not show its content when it is printed', () => {
    const printed = inspect(readSecrets(published.secret), { depth: 9, showHidden: true });
    expect(printed).not.toContain(published.secret.slice(6, 14));
    expect(JSON.stringify(readSecrets(published.secret))).toBe('[{}]');
  });
});
