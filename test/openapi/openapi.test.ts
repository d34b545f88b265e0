import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Compile } from 'typebox/compile';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openApiDocument, openApiFile } from '../../openapi/generate.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';

/** A handler, so that the service has a queue for messages to it. */
const anyCommand = defineCommandHandler({ routingKey: 'any', distributed: true, handle() {} });

type Json = Record<string, unknown>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: Json;
  readonly example?: unknown;
}

interface Media {
  readonly schema: Json;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description?: string; readonly schema: Json }>>;
  readonly content?: Readonly<Record<string, Media>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Response>>;
}

interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const text = await readFile(openApiFile, 'utf8');
const document: Document = JSON.parse(text);

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    return { name: `${method.toUpperCase()} ${path}`, path, ...operation };
  }),
);
// A stream answers with 200, and an error in a line.
const sending = operations.filter(({ tags, path }) => tags.includes('Send') && path !== '/stream');

test('openapi/openapi.json is what the routes say; npm run openapi writes it', async () => {
  expect(text).toBe(await openApiDocument());
});

test('the document is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  const validator = new Validator();
  expect(await validator.validate(JSON.parse(text))).toEqual({ valid: true });
});

test('every reference leads to a schema of the document', () => {
  for (const { pointer, value } of nodes(document)) {
    if (typeof value.$ref !== 'string') continue;
    const name = /^#\/components\/schemas\/([^/]+)$/.exec(value.$ref)?.[1];
    expect(Object.keys(document.components.schemas), `${pointer}: ${value.$ref}`).toContain(name);
  }
});

test('no schema stands in a schema, where it would say nothing', () => {
  for (const { pointer, value } of nodes(document)) {
    if (pointer.endsWith('/schema')) expect(Object.keys(value), pointer).not.toContain('schema');
  }
});

test('every route has its operation, and every operation an id of its own', () => {
  expect(operations.map(({ name, operationId }) => `${name} ${operationId}`).sort()).toEqual([
    'DELETE /dead-letters/{id} deleteDeadLetter',
    'GET /dead-letters deadLetters',
    'GET /dead-letters/{id} deadLetter',
    'GET /endpoints endpoints',
    'GET /livez livez',
    'GET /metrics metrics',
    'GET /openapi.json openapi',
    'GET /readyz readyz',
    'POST /batch sendBatch',
    'POST /cloudevents sendCloudEvent',
    'POST /commands/{destination}/{routingKey} sendCommand',
    'POST /dead-letters/replay replayDeadLetters',
    'POST /dead-letters/{id}/replay replayDeadLetter',
    'POST /deliveries/extend extendDeliveries',
    'POST /deliveries/pull pullDeliveries',
    'POST /deliveries/settle settleDeliveries',
    'POST /events/{routingKey} publishEvent',
    'POST /messages/{destination}/{channel} sendMessage',
    'POST /stream sendStream',
  ]);
});

/** The media types of answers that are not JSON. */
const withoutJson: Readonly<Record<string, readonly string[]>> = {
  'POST /dead-letters/{id}/replay 202': [],
  'DELETE /dead-letters/{id} 204': [],
  'GET /metrics 200': ['text/plain', 'application/openmetrics-text'],
};

describe.each(byName(operations))('%s', (name, { summary, tags, path, parameters = [], requestBody, responses }) => {
  test('has a summary and a known tag', () => {
    expect(summary).toMatch(/^[A-Z].{9,}[^.]$/);
    expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining([...tags]));
  });

  test('describes every parameter, and those of its path all appear', () => {
    for (const { name, description } of parameters) expect(description, name).toMatch(/\w.{9,}/);
    const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  });

  test('describes every response, its headers, and shows a body of each', () => {
    expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
    for (const [status, { description, headers = {}, content = {} }] of Object.entries(responses)) {
      expect(description, status).toMatch(/\w.*\.$/);
      for (const [name, header] of Object.entries(headers)) expect(header.description, name).toMatch(/\w.*\.$/);
      for (const [mediaType, media] of Object.entries(content)) {
        if (isAnything(media.schema)) continue;
        expect(examplesOf(media), `${status} ${mediaType}`).not.toEqual([]);
      }
    }
  });

  test('answers errors with problem documents', () => {
    for (const [status, { content = {} }] of Object.entries(responses)) {
      const success = name === 'POST /stream' ? 'application/x-ndjson' : 'application/json';
      const own = withoutJson[`${name} ${status}`];
      const expected = status.startsWith('2') ? success : 'application/problem+json';
      expect(Object.keys(content), status).toEqual(own ?? [expected]);
    }
  });

  test('has examples that fit their schemas', () => {
    const bodies = [requestBody?.content ?? {}, ...Object.values(responses).map(({ content = {} }) => content)];
    const described: readonly Pick<Media, 'schema' | 'example'>[] = [...parameters, ...bodies.flatMap(Object.values)];
    for (const media of described) {
      const check = Compile({ ...document.components.schemas }, resolved(media.schema));
      for (const example of examplesOf(media)) expect(check.Errors(example), JSON.stringify(example)).toEqual([]);
    }
  });
});

/** The request headers that decide the ids of messages. */
function identityHeaders(path: string): readonly string[] {
  if (path === '/cloudevents') return ['ce-id', 'ce-source', 'ce-type'];
  return path === '/batch' || path === '/stream'
    ? ['Idempotency-Key', 'Message-First-Index']
    : ['Message-Id', 'Idempotency-Key'];
}

describe.each(byName(sending))('%s', (_, { path, parameters = [], requestBody, responses }) => {
  test('names the headers that a sender may set', () => {
    const names = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        ...identityHeaders(path),
        'Message-Correlation-Id',
        'Message-Headers',
        'Message-Content-Type',
        'Message-Time-To-Live',
        'Message-Priority',
        'traceparent',
      ]),
    );
  });

  test('says what can go wrong', () => {
    const statuses = ['202', '400', '403', '404', '413', '415', '422', '429', '431', '503', '504'];
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(statuses));
  });

  const mediaTypes = Object.entries(requestBody?.content ?? {});

  // Swagger UI fills in what has an example: so this is what its first click on Execute sends.
  test.each(mediaTypes)('accepts its own examples together, as %s', async (mediaType, media) => {
    const { app, start, stop } = createGateway(
      { service: 'billing', channel: 'in-memory', logLevel: 'silent', handlers: [anyCommand] },
      { environment: {} },
    );
    onTestFinished(stop);
    await start();
    const headers: Record<string, string> = { 'content-type': mediaType };
    let url = path;
    for (const { name, in: place, example } of parameters) {
      if (example === undefined) continue;
      if (place === 'path') url = url.replace(`{${name}}`, String(example));
      else headers[name] = String(example);
    }
    const answer = await app.inject({ method: 'POST', url, headers, payload: bodyOf(mediaType, media) });
    expect(answer.statusCode, answer.body).toBe(202);
  });
});

function byName<Named extends { readonly name: string }>(list: readonly Named[]) {
  return list.map((named): [string, Named] => [named.name, named]);
}

function bodyOf(mediaType: string, media: Media): string | Buffer {
  const [example] = examplesOf(media);
  if (mediaType === 'application/octet-stream') return Buffer.of(0, 255);
  if (mediaType === 'application/x-www-form-urlencoded') return String(new URLSearchParams(example as never));
  return /[/+]json$/.test(mediaType) ? JSON.stringify(example) : String(example);
}

function examplesOf({ schema, example, examples = {} }: Media): unknown[] {
  const ofSchema = resolved(schema).examples;
  return [
    ...(example === undefined ? [] : [example]),
    ...Object.values(examples).map(({ value }) => value),
    ...(Array.isArray(ofSchema) ? ofSchema : []),
  ];
}

function isAnything(schema: Json): boolean {
  return Object.keys(schema).every((key) => key === 'description');
}

/** The schema itself, whether it stands in its place or under its name. */
function resolved(schema: Json): Json {
  const name = typeof schema.$ref === 'string' ? (schema.$ref.split('/').at(-1) as string) : undefined;
  return name === undefined ? schema : (document.components.schemas[name] as Json);
}

/** Every object of a document, with the way to it. */
function* nodes(value: unknown, pointer = ''): Generator<{ pointer: string; value: Json }> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield { pointer, value: value as Json };
  for (const [key, child] of Object.entries(value)) yield* nodes(child, `${pointer}/${key}`);
}
