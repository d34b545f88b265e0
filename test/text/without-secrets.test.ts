import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorMessage } from '../../src/errors.ts';
import { withoutSecrets } from '../../src/text/without-secrets.ts';
import { thrownBy } from '../caught.ts';

const messageBy = (call: () => unknown) => errorMessage(thrownBy(call));

describe('the text of an error without secrets', () => {
  test.each<[string, string, string]>([
    ['a URL', 'cannot use amqp://user:hunter2@host:5672/v: no', 'cannot use amqp://***@host:5672/v: no'],
    ['a URL with a user alone', 'https://hunter2@host/a', 'https://***@host/a'],
    ['a URL with a password alone', 'redis://:hunter2@host/0', 'redis://***@host/0'],
    ['a password with an @ in it', 'amqp://user:hunt@er2@host', 'amqp://***@host'],
    ['a password with a slash in it', 'amqp://user:hunt/er2@host', 'amqp://***@host'],
    ['a password with a slash in it, for a page', 'https://user:hunt/er2@host', 'https://***@host'],
    ['a password with a # and a ? in it', 'postgres://user:hun#te?r2@host', 'postgres://***@host'],
    ['several URLs', 'amqp://a:hunter2@b or amqp://c:hunter2@d', 'amqp://***@b or amqp://***@d'],
    ['several URLs in one word', '[https://a/b,amqp://c:hunter2@d]', '[https://a/b,amqp://***@d]'],
    ['a connection string', 'host=a password=hunter2 user=b', 'host=a password=*** user=b'],
    ['a query', 'GET /a?access_token=hunter2&b=c', 'GET /a?access_token=***&b=c'],
    ['a field in JSON', '{"clientSecret": "hunter2","a":1}', '{"clientSecret": "***","a":1}'],
    ['an authorization', 'sent Authorization: Bearer hunter2== to', 'sent Authorization: Bearer *** to'],
  ])('holds no secret of %s', (_, text, shown) => {
    expect(withoutSecrets(text)).toBe(shown);
  });

  test.each([
    'GET https://api.example.com:8080/users/a@example.com failed',
    'https://[::1]:80/a@b is not there',
    'a@example.com is unknown at https://example.com',
    'Basic authentication is required',
    'Unexpected end of JSON input',
    'The "path" argument must be of type string. Received undefined',
    'Received an instance of Date',
  ])('keeps what is none: %s', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  test.each<[string, string]>([
    ['JSON.parse of a text', messageBy(() => JSON.parse('hunter2'))],
    ['JSON.parse of an object', messageBy(() => JSON.parse('{"password":hunter2,"and":"much more of it behind"}'))],
    ['BigInt', messageBy(() => BigInt('hunter2'))],
    ['Buffer', messageBy(() => Buffer.alloc('hunter2' as unknown as number))],
    ['an argument that is out of range', `The value is out of range. It must be >= 0. Received 'hunter2'`],
  ])('holds nothing of the value that %s quotes', (_, text) => {
    expect(text).toContain('hunter2');
    expect(withoutSecrets(text)).not.toContain('hunter2');
  });

  test('holds no password of a URL that is cut off', () => {
    expect(withoutSecrets(`amqp://user:${'hunter2'.repeat(2_000)}@host`)).not.toContain('hunter2');
  });

  test('never grows beyond what it must, and never holds the password', () => {
    const word = fc.oneof(
      fc.constantFrom('://', '@', '"', 'JSON', 'Received ', 'password=', 'a', ':', '/'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 200 }), fc.array(word, { maxLength: 5 }), (parts, others) => {
        const password = `hunter2${others.join('').replace(/\s/g, '')}hunter2`;
        const text = `${parts.join('')} amqp://user:${password}@host`;
        if (text.length > 8_192) return;
        expect(withoutSecrets(text)).not.toContain('hunter2');
      }),
      { numRuns: 50 },
    );
  });
});
