import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BrokerConfig } from '../../src/config/broker-config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { readPassword } from '../../src/engine/amqp/connection/address-source.ts';
import { caught } from '../caught.ts';
import { folderOf } from '../folder-of.ts';

const url = 'amqp://shop@broker/vhost';

async function issues(broker: BrokerConfig, environment: Record<string, string> = {}): Promise<string[]> {
  const error = await caught(() => resolveConfig({ service: 'shop', broker }, environment));
  expect(error.message).not.toContain('hunter2');
  return error.message.split('\n- ').slice(1);
}

function file(content: string): string {
  return join(folderOf({ secret: content }), 'secret');
}

describe('the files of the broker', () => {
  test('are read from the environment', () => {
    const AMQP_URL_FILE = file(`${url}\n`);
    const AMQP_TOKEN_FILE = file('a.b.c');
    const { broker, channel } = resolveConfig({ service: 'shop' }, { AMQP_URL_FILE, AMQP_TOKEN_FILE });
    expect(broker).toMatchObject({ url, urlFile: AMQP_URL_FILE, tokenFile: AMQP_TOKEN_FILE });
    expect(channel).toBe('rabbitmq');
    const AMQP_PASSWORD_FILE = file('hunter2');
    expect(resolveConfig({ service: 'shop', broker: { url } }, { AMQP_PASSWORD_FILE }).broker.passwordFile).toBe(
      AMQP_PASSWORD_FILE,
    );
  });

  test('have the password between a byte order mark and a line break', () => {
    expect(readPassword('\ufeffhunter2\r\n')).toBe('hunter2');
  });

  test('give way to AMQP_URL', () => {
    const config = { service: 'shop', broker: { urlFile: '/nowhere' } };
    const { broker } = resolveConfig(config, { AMQP_URL: url });
    expect(broker.url).toBe(url);
    expect(broker.urlFile).toBeUndefined();
  });

  test('make a configuration that is valid once more', () => {
    const broker = { urlFile: file(url), passwordFile: file('hunter2') };
    const resolved = resolveConfig({ service: 'shop', broker }, {});
    expect(resolveConfig(resolved, {})).toEqual(resolved);
  });

  test.each<[string, () => BrokerConfig, RegExp]>([
    ['a file of URLs that is not there', () => ({ urlFile: '/nowhere' }), /^broker\.urlFile: \/nowhere does not exist/],
    ['an empty file of URLs', () => ({ urlFile: file('\n') }), /^broker\.urlFile: .* is empty$/],
    ['an empty password', () => ({ url, passwordFile: file('') }), /^broker\.passwordFile: .*is empty$/],
    ['a token of several words', () => ({ url, tokenFile: file('hunter2 hunter2') }), /^broker\.tokenFile: .*no token/],
    [
      'a password in the URL as well',
      () => ({ url: 'amqp://shop:hunter2@broker', passwordFile: file('hunter2') }),
      /^broker\.passwordFile: broker\.url has a password as well/,
    ],
    [
      'a password without a user',
      () => ({ url: 'amqp://broker', passwordFile: file('hunter2') }),
      /^broker\.passwordFile: broker\.url names no user/,
    ],
    [
      'a password and a token',
      () => ({ url, passwordFile: file('hunter2'), tokenFile: file('a.b.c') }),
      /^broker\.tokenFile: broker\.passwordFile is set as well/,
    ],
  ])('are refused with %s', async (_, broker, issue) => {
    expect(await issues(broker())).toContainEqual(expect.stringMatching(issue));
  });
});
