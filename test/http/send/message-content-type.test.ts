import { describe, expect, test } from 'vitest';
import { arrival, expectProblem, openGateway, openQueue, post, sharedGateway } from '../gateway-fixture.ts';

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const xml = 'application/xml';
const text = 'text/plain';
const bytes = 'application/octet-stream';

function conversion(source: string, target: string) {
  return { 'content-type': source, 'message-content-type': target };
}

describe('Message-Content-Type', () => {
  test.each([
    [form, json, 'a=1&b=two+words&b=%C3%BC', '{"a":"1","b":["two words","\u00fc"]}'],
    [form, json, '', '{}'],
    [form, json, '__proto__=1&a=2', '{"__proto__":"1","a":"2"}'],
    [xml, json, '<message><a>007</a><b>x</b><b>y</b></message>', '{"a":"007","b":["x","y"]}'],
    [xml, json, '<message id="7">x</message>', '{"@id":"7","#text":"x"}'],
    ['application/soap+xml', json, '<m><a>1</a></m>', '{"a":"1"}'],
    [text, json, 'say "hi"', '"say \\"hi\\""'],
    ['text/plain; charset=iso-8859-1', json, Uint8Array.of(0xfc), '"\u00fc"'],
    [json, form, '{"a":1,"b":["x y","\u00fc"],"c":true}', 'a=1&b=x%20y&b=%C3%BC&c=true'],
    [
      json,
      xml,
      '{"a":1,"b":["x","<y>"]}',
      '<message><a>1</a><b><entry>x</entry><entry>&lt;y&gt;</entry></b></message>',
    ],
    [json, text, '"h\u00fc"', 'h\u00fc'],
    [json, xml, '[1,[]]', '<message><entry>1</entry><entry></entry></message>'],
    [json, text, '12', '12'],
    [json, text, 'true', 'true'],
    [form, xml, 'a=1', '<message><a>1</a></message>'],
    [xml, form, '<m><a>1</a></m>', 'a=1'],
  ])('%s to %s: %j becomes %s', async (source, target, body, expected) => {
    const message = await arrival(await sharedGateway(), { headers: conversion(source, target), body });
    expect(Buffer.from(message.body).toString()).toBe(expected);
    expect(message.headers).toMatchObject({ contentType: target });
  });

  test.each([
    [json, json],
    [json, 'application/vnd.acme+json'],
    ['application/vnd.acme+json', json],
    [json, 'application/json;charset=utf-8'],
    [json, bytes],
    [text, bytes],
    ['image/png', bytes],
    [bytes, bytes],
    ['text/csv', 'text/csv'],
  ])('%s to %s keeps the bytes', async (source, target) => {
    const body = ' {"n": 12345678901234567890} ';
    const message = await arrival(await sharedGateway(), { headers: conversion(source, target), body });
    expect(Buffer.from(message.body).toString()).toBe(body);
    expect(message.headers).toMatchObject({ contentType: target });
  });

  test('is itself no header of the message', async () => {
    const { headers } = await arrival(await sharedGateway(), { headers: conversion(form, json), body: 'a=1' });
    expect(Object.keys(headers).filter((name) => name.startsWith('x-'))).toEqual([]);
  });

  test.each([['/events/billing'], ['/messages/billing/import'], ['/commands/billing/change']])(
    'converts what is sent to %s',
    async (url) => {
      const message = await arrival(await sharedGateway(), { url, headers: conversion(form, json), body: 'a=1' });
      expect(Buffer.from(message.body).toString()).toBe('{"a":"1"}');
    },
  );

  test('converts an empty text where there is no body', async () => {
    const message = await arrival(await sharedGateway(), { headers: { 'message-content-type': json } });
    expect(Buffer.from(message.body).toString()).toBe('""');
  });

  test('uses the converters of the configuration first', async () => {
    const shout = {
      name: 'shout',
      matches: (source: { essence: string }, target: { essence: string }) =>
        source.essence === text && target.essence === json,
      convert: (payload: unknown) => Buffer.from(JSON.stringify(`${payload}`.toUpperCase())),
    };
    const gateway = await openGateway({ converters: [shout] });
    const message = await arrival(gateway, { headers: conversion(text, json), body: 'hi' });
    expect(Buffer.from(message.body).toString()).toBe('"HI"');
  });

  test.each([
    ['a source that nobody can read', 'text/csv', json],
    ['a target that nobody can write', json, 'text/csv'],
    ['bytes that nobody looks into', bytes, json],
    ['a target without a slash', json, 'json'],
    ['an empty target', json, ''],
    ['a target that is too long', json, `application/${'x'.repeat(244)}`],
    ['text in another charset', json, 'text/plain; charset=latin1'],
    ['a charset that nobody knows', 'text/plain; charset=klingon', json],
    ['a value of JavaScript as the target', json, 'application/x-js'],
    ['a value of JavaScript as the target, in capitals', json, 'Application/X-JS; a=b'],
    ['a value of JavaScript as the source of a form', 'application/x-js', form],
    ['a value of JavaScript as the source of XML', 'application/x-js', xml],
    ['a value of JavaScript as the source of text', 'application/x-js', text],
    ['a value of JavaScript as the source of JSON', 'application/x-js', json],
  ])('%s is refused', async (_issue, source, target) => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'billing');
    const response = await post(gateway, { headers: conversion(source, target), body: '"a"' });
    expectProblem(response, 'unsupported-media-type');
    expect(messages()).toEqual([]);
  });

  test.each<[string, string, string | Uint8Array]>([
    ['broken JSON', json, '{'],
    ['no JSON', json, ''],
    ['a form with a broken percent-encoding', form, 'a=%zz'],
    ['a form that is not UTF-8', form, Uint8Array.of(0x61, 0x3d, 0xff)],
    ['broken XML', xml, '<a><b></a>'],
    ['no XML', xml, ''],
    ['XML with two roots', xml, '<a/><b/>'],
    ['XML with a document type', xml, '<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>'],
    ['text that is not UTF-8', text, Uint8Array.of(0xff)],
    ['text that is not in its charset', 'text/plain; charset=utf-16le', Uint8Array.of(0x00, 0xd8)],
  ])('%s is refused', async (_issue, source, body) => {
    const target = source === json ? xml : json;
    const response = await post(await sharedGateway(), { headers: conversion(source, target), body });
    expectProblem(response, 'malformed-body');
  });

  test('broken JSON is refused even where the bytes would stay as they are', async () => {
    const headers = conversion(json, 'application/vnd.acme+json');
    expectProblem(await post(await sharedGateway(), { headers, body: '{' }), 'malformed-body');
  });

  test.each([
    ['a nested object as a form', json, form, '{"a":{"b":1}}'],
    ['a list as a form', json, form, '[1]'],
    ['an object as text', json, text, '{"a":1}'],
    ['null as text', json, text, 'null'],
    ['an attribute of a list as XML', json, xml, '{"@a":[1]}'],
    ['a name that XML does not allow', json, xml, '{"a b":1}'],
    ['a name that would be more XML', json, xml, '{"a><b":1}'],
    ['a character that XML does not allow', json, xml, '{"a":"\\u0000"}'],
    ['nesting without end as XML', json, xml, `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
  ])('%s cannot be expressed', async (_what, source, target, body) => {
    expectProblem(await post(await sharedGateway(), { headers: conversion(source, target), body }), 'not-convertible');
  });

  test('a repeated one is refused', async () => {
    const headers = { 'content-type': json, 'message-content-type': [json, form] };
    expectProblem(await post(await sharedGateway(), { headers, body: '{}' }), 'invalid-header');
  });
});
