import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAmqpUrls, validateAmqpUrls } from '../../../../src/engine/amqp/connection/amqp-urls.ts';

describe('the URLs of a broker', () => {
  test.each<[string, string | readonly string[], readonly string[]]>([
    ['one', 'amqp://a', ['amqp://a']],
    [
      'several, divided by commas',
      'amqp://u:p@a/v, amqp://u:p@b/v ,amqp://c/v',
      ['a', 'b', 'c'].map((h) => `amqp://${h}/v`),
    ],
    ['a list', ['amqp://a:1', 'amqp://a:2'], ['amqp://a:1', 'amqp://a:2']],
    ['a comma in a password', 'amqp://u:p,q@a,amqp://u:p,q@b', ['amqp://a', 'amqp://b']],
    ['a comma at the end of a vhost', ['amqp://a/v,', 'amqp://b/v,'], ['amqp://a/v,', 'amqp://b/v,']],
    ['one that is written twice', 'amqp://a,amqp://a', ['amqp://a']],
  ])('are read: %s', (_, urls, displays) => {
    expect(parseAmqpUrls(urls).map(({ display }) => display)).toEqual(displays);
  });

  test.each<[string | readonly string[], RegExp]>([
    ['amqp://a,amqp://u:hunter2@b#,amqp://c', /^URL 2 of 3: a # in the AMQP URL/],
    ['amqp://a,http://u:hunter2@b', /^URL 2 of 2: the scheme is 'http'|^URL 2 of 2: .*scheme is 'http'/],
    ['amqp://a,', /^URL 2 of 2: is empty; leave out the comma$/],
    ['amqp://a,,amqp://b', /^URL 2 of 3: is empty; leave out the comma$/],
    ['amqp://u:hunter2@a,b,c/v', /^a comma in the host of the AMQP URL; write a whole URL for each host/],
    [['amqp://a', 'hunter2'], /^URL 2 of 2: not an AMQP URL/],
    [[], /^is empty; write at least one URL$/],
    ['amqp://u:hunter2@a/one,amqp://u:hunter2@b/two', /several vhosts; they must be of the nodes of one broker/],
    ['amqp://a,amqps://b', /^some URLs are amqp:\/\/ and others amqps:\/\//],
  ])('are refused by position, without their secrets: %s', (urls, issue) => {
    const issues = validateAmqpUrls(urls);
    expect(issues).toEqual([expect.stringMatching(issue)]);
    expect(issues.join()).not.toContain('hunter2');
  });

  test('are parsed as if each were alone, whatever the user and the password contain', () => {
    const part = fc.string({ minLength: 1, unit: 'grapheme' }).map(encodeURIComponent);
    const url = fc.tuple(part, part, fc.constantFrom('a', 'b.example', '[::1]')).map(([user, password, host]) => {
      return `amqp://${user}:${password}@${host}/v`;
    });
    fc.assert(
      fc.property(fc.uniqueArray(url, { minLength: 1, maxLength: 4 }), (urls) => {
        expect(parseAmqpUrls(urls.join(','))).toEqual(urls.flatMap((one) => parseAmqpUrls(one)));
      }),
    );
  });
});
