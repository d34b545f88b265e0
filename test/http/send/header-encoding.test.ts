import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { arrivedHeaders, expectProblem, openQueue, post, sharedGateway } from '../gateway-fixture.ts';

const wire = (text: string) => Buffer.from(text).toString('latin1');

describe('a header that is repeated', () => {
  test.each([
    'Message-Header-Executor-Id',
    'Message-Headers',
    'Message-Id',
    'Message-Correlation-Id',
    'Message-Content-Type',
    'Message-Time-To-Live',
    'Message-Priority',
    'Message-Delay',
    'Idempotency-Key',
    'traceparent',
  ])('%s is refused, even with one value', async (name) => {
    const value = name === 'Message-Headers' ? '{}' : '5';
    const response = await post(await sharedGateway(), { headers: { [name]: [value, value] } });
    expect(expectProblem(response, 'invalid-header').detail).toContain(`'${name.toLowerCase()}'`);
  });

  test('Content-Type is refused', async () => {
    const request =
      'POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nContent-Type: text/csv\nContent-Length: 1\n\na';
    expectProblem(await exchange(await sharedGateway(), request), 'invalid-header');
  });

  test('is refused in whatever case it is written', async () => {
    const request = 'POST /events/a HTTP/1.1\nHost: localhost\nMessage-Id: a\nmessage-ID: b\n\n';
    expectProblem(await exchange(await sharedGateway(), request), 'invalid-header');
  });

  test('is ignored if it does not concern the message', async () => {
    await arrivedHeaders({ 'x-forwarded-for': ['10.0.0.1', '10.0.0.2'] });
  });
});

describe('the value of a header', () => {
  test.each(['\u00fcber', '\u65e5\u672c', '\u{1f600}', 'a\tb'])('%j is read as UTF-8', async (value) => {
    expect(await arrivedHeaders({ 'Message-Header-Name': wire(value) })).toMatchObject({ name: value });
  });

  test('arrives as UTF-8 over a real connection', async () => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'billing', ['*']);
    const request = `POST /events/a HTTP/1.1\nHost: localhost\nMessage-Header-Name: ${wire('\u65e5\u672c')}\n\n`;
    expect(await exchange(gateway, request)).toMatchObject({ statusCode: 202 });
    expect(messages()).toMatchObject([{ headers: { name: '\u65e5\u672c' } }]);
  });

  test.each([
    ['a lone Latin-1 letter', '\u00fc'],
    ['half a character', '\u00e2\u0082'],
    ['an overlong encoding', '\u00c0\u00af'],
    ['an encoded surrogate', '\u00ed\u00a0\u0080'],
    ['a byte order mark of UTF-16', '\u00ff\u00fe'],
  ])('%s is refused', async (_issue, value) => {
    const names = ['Message-Header-Name', 'Message-Headers', 'Message-Correlation-Id', 'Idempotency-Key', 'baggage'];
    const gateway = await sharedGateway();
    for (const name of names) expectProblem(await post(gateway, { headers: { [name]: value } }), 'invalid-header');
  });

  test('may be anything if the header does not concern the message', async () => {
    await arrivedHeaders({ 'x-other': '\u00fc' });
  });
});
