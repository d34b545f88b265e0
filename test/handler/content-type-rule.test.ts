import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import type { HandlerOptions } from '../../src/handler/handler-definition.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import { Header } from '../../src/message/message-headers.ts';
import { invocationOfMessage } from '../../src/parameter/parameter-converter.ts';
import { caught } from '../caught.ts';
import { parameterContext } from '../parameter/parameter-context.ts';

const json = '{"a":1}';

function handlerWith(options: Partial<HandlerOptions>) {
  const handler = defineCommandHandler({
    routingKey: 'change',
    distributed: true,
    payload: Type.Object({ a: Type.Integer() }),
    handle: (payload, headers) => ({ payload, contentType: headers[Header.contentType] }),
    ...options,
  });
  const registered = new HandlerRegistry([handler], parameterContext()).commandHandler('change');
  return registered ?? expect.unreachable('it is registered');
}

function call(options: Partial<HandlerOptions>, contentType: unknown, payload: unknown = Buffer.from(json)) {
  const headers = contentType === undefined ? {} : { [Header.contentType]: contentType };
  return handlerWith(options).invoke(invocationOfMessage({ headers, payload }));
}

describe('a message without a content type', () => {
  test('is taken for what the handler says', () => {
    expect(call({ defaultContentType: 'application/json' }, undefined)).toEqual({
      payload: { a: 1 },
      contentType: 'application/json',
    });
  });

  test('is an error without a default', async () => {
    expect(await caught(() => call({}, undefined))).toMatchObject({ code: 'unsupported-media-type' });
  });

  test('keeps one that it has', async () => {
    expect(call({ defaultContentType: 'text/plain' }, 'application/json')).toMatchObject({
      contentType: 'application/json',
    });
    expect(await caught(() => call({ defaultContentType: 'application/json' }, 'text/plain'))).toMatchObject({
      code: 'payload-refused',
    });
  });
});

describe('a handler that takes some content types', () => {
  const takes = { contentType: ['application/json', 'text/json'] };

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'text/json'])(
    'takes %s',
    (contentType) => {
      expect(call(takes, contentType)).toMatchObject({ payload: { a: 1 } });
    },
  );

  test.each(['application/vnd.x+json', 'text/plain', 'json', '', 7, undefined])('refuses %s', async (contentType) => {
    const error = await caught(() => call(takes, contentType));
    expect(error).toMatchObject({ code: 'unsupported-media-type', retryable: false });
    const found = typeof contentType === 'string' ? `"${contentType}"` : 'no content type';
    expect(error.message).toBe(
      `The command handler 'change' takes application/json, text/json; the message has ${found}.`,
    );
  });

  test('takes a value of this process, which has none', () => {
    expect(call(takes, 'application/x-js', { a: 1 })).toMatchObject({ payload: { a: 1 } });
  });

  test('takes a message without one where its default is among them', () => {
    expect(call({ ...takes, defaultContentType: 'text/json' }, undefined)).toMatchObject({ payload: { a: 1 } });
  });

  test('takes what it names by the name under which that is sent', () => {
    expect(call({ contentType: 'text/json' }, 'application/json')).toMatchObject({ payload: { a: 1 } });
    const xml = Buffer.from('<m><a>1</a></m>');
    expect(call({ contentType: 'text/xml' }, 'application/xml', xml)).toMatchObject({ payload: { a: 1 } });
  });

  test('refuses before a message is sent to it', async () => {
    const message = { headers: { [Header.contentType]: 'text/plain' }, payload: Buffer.from(json) };
    expect(await caught(() => handlerWith(takes).checkPayload(message))).toMatchObject({
      code: 'unsupported-media-type',
    });
  });
});

test.each<[Partial<HandlerOptions>, string]>([
  [{ contentType: 'json' }, "its 'contentType' names 'json'"],
  [{ contentType: ['application/json', ''] }, "its 'contentType' names ''"],
  [{ contentType: 'text/*' }, "its 'contentType' names 'text/*'"],
  [{ defaultContentType: '*/*' }, "its 'defaultContentType' names '*/*'"],
  [{ contentType: 7 as never }, "its 'contentType' names a number"],
  [{ defaultContentType: 'json' }, "its 'defaultContentType' names 'json'"],
])('a content type that is none fails at start: %j', async (options, issue) => {
  expect(await caught(() => handlerWith(options))).toMatchObject({
    code: 'invalid-handlers',
    message: expect.stringContaining(`command handler 'change': ${issue}, which is not a media type`),
  });
});
