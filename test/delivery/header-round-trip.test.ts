import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMessageHeaders } from '../../src/delivery/message-request-headers.ts';
import { requestToMessage } from '../../src/http/send/request-to-message.ts';
import { isReservedHeader } from '../../src/message/reserved-headers.ts';
import { anyText } from '../arbitraries.ts';
import { eventually } from '../broker/eventually.ts';
import { runGateway } from '../flow/gateway-fixture.ts';
import { startApplication } from './application-fixture.ts';

const tracing = ['traceparent', 'tracestate', 'baggage'];
const name = fc
  .stringMatching(/^[a-z][A-Za-z0-9]{0,12}$/)
  .filter((name) => !isReservedHeader(name) && !/^(x|exception)[A-Z]/.test(name) && !tracing.includes(name));
const custom = fc.dictionary(name, anyText, { maxKeys: 6 });
const baggage = fc.stringMatching(/^[a-z]{1,5}=([!#-+./:<-Z]|%[0-9A-F]{2}){1,10}(,[a-z]{1,5}=[a-z%]{1,5})?$/);

/** Sends the headers back that an application gets with a message, of which only those that match. */
function sentBack(headers: Record<string, unknown>, pattern: RegExp) {
  const got: string[] = [];
  addMessageHeaders(got, { headers, payload: undefined }, {});
  const back = got.flatMap((text, index) =>
    index % 2 === 0 && pattern.test(text) ? [text, got[index + 1] ?? ''] : [],
  );
  const request = { to: { kind: 'event', routingKey: 'a' } as const, rawHeaders: back, body: undefined };
  return requestToMessage(request, { forwardHeaders: {} }).payload;
}

describe('what an application gets and sends back', () => {
  test('is the same header of the message, one by one and as JSON', () => {
    fc.assert(
      fc.property(custom, (headers) => {
        expect({ ...sentBack(headers, /^message-header-/).metadata }).toEqual(headers);
        expect({ ...sentBack(headers, /^message-headers$/).metadata }).toEqual(headers);
        expect({ ...sentBack(headers, /^message-header/).metadata }).toEqual(headers);
      }),
    );
  });

  test('has no header by itself whose name the routes that send would refuse', () => {
    const headers = { xTenant: '7', exceptionText: '8', x: '9' };
    expect(sentBack(headers, /^message-header-/).metadata).toEqual({ x: '9' });
    expect(sentBack(headers, /^message-header/).metadata).toEqual(headers);
  });

  test('is the same correlation id', () => {
    fc.assert(
      fc.property(anyText.filter(Boolean), (correlationId) => {
        expect(sentBack({ correlationId }, /^message-correlation-id$/).correlationId).toBe(correlationId);
      }),
    );
  });

  test('is the same trace context, whose percent signs are its own', () => {
    fc.assert(
      fc.property(baggage, (baggage) => {
        expect(sentBack({ baggage, tracestate: 'a=%41' }, /./).metadata).toEqual({ baggage, tracestate: 'a=%41' });
      }),
    );
  });

  test('is the same over HTTP, for callers who encode nothing as well', async () => {
    const app = await startApplication();
    const application = { url: app.url, commands: ['first', 'second'] };
    const gateway = await runGateway({ service: 'billing', application });
    const send = (key: string, headers: Record<string, string>) =>
      fetch(`${gateway.address}/commands/billing/${key}`, { method: 'POST', headers });
    // As a caller writes them: nothing but the name of a person is encoded in its bytes.
    const values = {
      rate: '100%',
      url: 'https://a/?q=a%20b%2Fc',
      letter: '%41',
      name: Buffer.from('Zo\u00eb').toString('latin1'),
    };
    const named = Object.entries(values).map(([name, value]) => [`message-header-${name}`, value]);
    expect((await send('first', Object.fromEntries(named))).status).toBe(202);
    const first = await eventually(() => app.received[0] ?? expect.unreachable());
    const got = Object.entries(first.headers).filter(([name]) => name.startsWith('message-header-'));
    const back = { ...Object.fromEntries(got), 'message-parent-id': first.headers['message-id'] } as Record<
      string,
      string
    >;
    expect((await send('second', back)).status).toBe(202);
    const second = await eventually(() => app.received[1] ?? expect.unreachable());
    expect(JSON.parse(String(second.headers['message-headers']))).toEqual({ ...values, name: 'Zo\u00eb' });
    expect(second.headers['message-headers']).toBe(first.headers['message-headers']);
    expect(second.headers['message-parent-id']).toBe(first.headers['message-id']);
  });
});
