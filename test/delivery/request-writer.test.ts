import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { customHeaderIssue } from '../../src/delivery/custom-header.ts';
import type { PostFormat } from '../../src/delivery/post-to.ts';
import { RequestWriter } from '../../src/delivery/request-writer.ts';
import { folderOf } from '../folder-of.ts';
import { quietLogger } from '../logs/quiet-logger.ts';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const body = Buffer.from('{}');

/** Returns a function that writes the headers of a request, signed and with a token. */
function writerOf(headers: object, format?: PostFormat) {
  const folder = folderOf({ secret, token: 'token-of-the-test' });
  const files = { secretFile: `${folder}/secret`, tokenFile: `${folder}/token` };
  const options = { path: '/pay', prefix: '', timeoutMs: 1000, format, ...files, logger: quietLogger() };
  const writer = new RequestWriter(options);
  const message = { headers: { ...headers }, payload: body };
  const posted = { message, body, contentType: 'application/json', headers: [] };
  return (attempt: number): Record<string, string> => {
    const { headers: written } = writer.write(posted, { attempt, expiresAtMs: 1_000 });
    return Object.fromEntries(written.flatMap((name, at) => (at % 2 === 0 ? [[name, written[at + 1] ?? '']] : [])));
  };
}

function idsOf(headers: object): (string | undefined)[] {
  const write = writerOf(headers);
  return [1, 2].map((attempt) => {
    const written = write(attempt);
    expect(new Webhook(secret).verify(body.toString(), written)).toEqual({});
    return written['webhook-id'];
  });
}

describe('a signed request', () => {
  test.each([{}, { id: '' }, { id: null }, { id: { a: 1 } }, { id: true }])(
    'has an id of its own, where its message has none: %j',
    (headers) => {
      const [first, second] = idsOf(headers);
      expect(first).toMatch(/^[0-9a-f-]{36}$/);
      expect(second).not.toBe(first);
    },
  );

  test.each([
    [{ id: 'a7' }, 'a7'],
    [{ id: 7 }, '7'],
    [{ id: 7n }, '7'],
  ])('has the id of its message: %o', (headers, id) => {
    expect(idsOf(headers)).toEqual([id, id]);
  });
});

test.each(['cloudevents', 'cloudevents-structured'] as const)(
  'signs the id of the event, in the format %s',
  (format) => {
    const folder = folderOf({ secret });
    const options = { path: '/pay', prefix: '', timeoutMs: 1000, format, secretFile: `${folder}/secret` };
    const writer = new RequestWriter({ ...options, logger: quietLogger() });
    const posted = { message: { headers: {}, payload: body }, body, contentType: 'application/json', headers: [] };
    const { headers, body: written } = writer.write(posted, { attempt: 1 });
    const headerOf = (name: string) => headers[headers.indexOf(name) + 1];
    const id = format === 'cloudevents' ? headerOf('ce-id') : JSON.parse(Buffer.from(written).toString()).id;
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(headerOf('webhook-id')).toBe(id);
  },
);

describe('a path made of the routing key', () => {
  const writeTo = (routingKey: string, path?: string) => {
    const writer = new RequestWriter({ path, prefix: '/app/events/', timeoutMs: 1000, logger: quietLogger() });
    const message = { headers: { 'ecotone.distributed.routingKey': routingKey }, payload: body };
    return writer.write({ message, body, contentType: 'application/json', headers: [] }, {}).path;
  };

  test.each([
    ['order.placed', '/app/events/order.placed'],
    ['...', '/app/events/...'],
    ['../secret', '/app/events/..%2Fsecret'],
    ['%2e%2e', '/app/events/%252e%252e'],
  ])('encodes %s', (routingKey, path) => {
    expect(writeTo(routingKey)).toBe(path);
  });

  test.each(['.', '..'])('is refused for %s, which would lead to another path', (routingKey) => {
    expect(() => writeTo(routingKey)).toThrow(`its routing key '${routingKey}' would lead to another path`);
    expect(writeTo(routingKey, '/all')).toBe('/all');
  });
});

describe('a request', () => {
  test.each(['message', 'cloudevents', 'cloudevents-structured'] as const)(
    'has no header that the configuration may set, in the format %s',
    (format) => {
      const headers = { id: 'a7', timestamp: 7, tenantId: 'x', traceparent: 'a', tracestate: 'b', baggage: 'c' };
      const names = Object.keys(writerOf(headers, format)(1));
      expect(names).toContain('user-agent');
      expect(names.filter((name) => customHeaderIssue(name) === undefined)).toEqual([]);
    },
  );
});
