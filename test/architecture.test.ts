import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  importCycles,
  type LayerTable,
  type LibraryHomes,
  layerOf,
  layerViolations,
  libraryViolations,
} from './import-rules.ts';
import { type Import, importsIn, importsOf, sourceFiles } from './source-imports.ts';

const free = ['collection', 'errors', 'file', 'logger', 'promise', 'text', 'time', 'version'];

const table: LayerTable = {
  errors: [],
  file: [],
  logger: [],
  collection: [],
  promise: [],
  text: [],
  time: [],
  version: [],
  message: [],
  schema: [],
  engine: ['message'],
  conversion: ['schema'],
  expression: ['message', 'schema', 'conversion'],
  wire: ['message', 'schema', 'engine', 'conversion'],
  parameter: ['message', 'schema', 'conversion', 'expression', 'wire'],
  deduplication: ['message', 'parameter'],
  handler: ['message', 'schema', 'conversion', 'parameter', 'deduplication'],
  bus: ['message', 'engine', 'conversion', 'wire', 'handler'],
  delivery: ['message', 'schema', 'engine', 'conversion', 'expression', 'wire', 'parameter', 'handler', 'bus'],
  scope: ['message', 'parameter', 'handler', 'bus'],
  recovery: ['message', 'engine', 'wire', 'handler'],
  deferral: ['message', 'engine', 'recovery'],
  delay: ['message', 'engine', 'wire', 'bus', 'recovery'],
  'dead-letter': ['message', 'engine', 'wire', 'recovery'],
  endpoint: ['message', 'engine', 'wire', 'deduplication', 'handler', 'recovery', 'deferral'],
  observe: ['message', 'schema', 'engine', 'wire', 'handler', 'bus', 'recovery', 'endpoint'],
  http: ['message', 'schema', 'conversion', 'wire', 'parameter', 'handler', 'bus', 'observe'],
  routes: ['message', 'schema', 'engine', 'delivery', 'deferral', 'dead-letter', 'endpoint', 'observe', 'http'],
  config: [
    ...['message', 'schema', 'engine', 'conversion', 'wire', 'deduplication'],
    ...['handler', 'bus', 'delivery', 'scope', 'recovery', 'http'],
  ],
  gateway: 'anything',
  cli: 'anything',
  testing: 'anything',
  index: 'anything',
};

const homes: LibraryHomes = {
  '@fastify/fast-json-stringify-compiler': ['src/http/lazy-serializers.ts'],
  '@fastify/swagger': ['src/gateway/docs-app.ts'],
  '@fastify/swagger-ui': ['src/gateway/docs-app.ts'],
  '@opentelemetry/api': ['src/observe/', 'src/cli/telemetry.ts'],
  '@opentelemetry/context-async-hooks': ['src/cli/telemetry.ts'],
  '@opentelemetry/exporter-metrics-otlp-http': ['src/cli/telemetry.ts'],
  '@opentelemetry/exporter-trace-otlp-http': ['src/cli/telemetry.ts'],
  '@opentelemetry/resources': ['src/cli/telemetry.ts'],
  '@opentelemetry/sdk-metrics': ['src/cli/telemetry.ts'],
  '@opentelemetry/sdk-trace-base': ['src/cli/telemetry.ts'],
  amqplib: ['src/engine/amqp/'],
  'awilix/browser': ['src/gateway/components.ts', 'src/scope/'],
  commander: ['src/cli/'],
  undici: ['src/delivery/http-client.ts'],
  'fast-content-type-parse': ['src/conversion/media-type.ts'],
  saxes: ['src/conversion/'],
  fastify: [
    'src/http/',
    'routes/',
    'src/gateway/app.ts',
    'src/gateway/docs-app.ts',
    'src/gateway/gateway.ts',
    'src/gateway/listeners.ts',
  ],
  'littoral/package.json': ['src/version.ts'],
  jose: ['src/http/auth/'],
  jiti: ['src/config/import-module.ts'],
  jsonata: ['src/expression/'],
  'p-limit': ['src/engine/amqp/'],
  pino: ['src/logger.ts'],
  'pino-pretty': ['src/logger.ts'],
  tinyglobby: ['src/config/load-handlers.ts'],
  typebox: ['src/schema/', 'src/conversion/', 'src/parameter/', 'src/handler/', 'src/config/', 'routes/'],
  'typebox/error': ['src/schema/schema-check.ts'],
  'typebox/format': ['src/schema/bounded-formats.ts'],
  'typebox/schema': ['src/schema/schema-check.ts'],
  'typebox/system': ['src/schema/schema-check.ts'],
  uuid: ['src/message/'],
};

const files = sourceFiles('src', 'routes');
const imports = importsOf(files);

describe('the house', () => {
  test('was read', () => {
    expect(files).toContain('src/message/message.ts');
    expect(imports).toContainEqual({
      from: 'src/recovery/dead-letter.ts',
      to: 'src/message/message-id.ts',
      typeOnly: false,
    });
    expect(new Set(imports.map(({ from }) => from)).size).toBeGreaterThan(50);
  });

  test('imports from layer to layer as the table says', () => {
    expect(layerViolations(imports, table, free)).toEqual([]);
  });

  test('has no layer in the table that does not exist', () => {
    expect(Object.keys(table).filter((layer) => !files.some((file) => layerOf(file) === layer))).toEqual([]);
  });

  test('has one home for each library', () => {
    expect(libraryViolations(imports, homes)).toEqual([]);
  });

  test('keeps the port of the engines apart from them, and each engine apart from the other', () => {
    const crossing = imports.filter(({ from, to }) => {
      return from.startsWith('src/engine/') && engineOf(to) !== undefined && engineOf(from) !== engineOf(to);
    });
    expect(crossing).toEqual([]);
  });

  test('names an engine only where it is created or its settings are checked', () => {
    const outside = imports.filter(({ from, to }) => !from.startsWith('src/engine/') && engineOf(to) !== undefined);
    expect(outside.map(({ from, to }) => [from, to]).sort()).toEqual([
      ['src/config/broker-config.ts', 'src/engine/amqp/connection/address-source.ts'],
      ['src/config/broker-config.ts', 'src/engine/amqp/connection/amqp-urls.ts'],
      ['src/gateway/components.ts', 'src/engine/amqp/amqp-engine.ts'],
      ['src/gateway/components.ts', 'src/engine/in-memory/in-memory-engine.ts'],
      ['src/testing/test-engine.ts', 'src/engine/in-memory/in-memory-engine.ts'],
    ]);
  });

  test('knows Fastify by its types alone outside of what serves HTTP', () => {
    const inGateway = imports.filter(({ from, to }) => from === 'src/gateway/gateway.ts' && to === 'fastify');
    expect(inGateway.every(({ typeOnly }) => typeOnly)).toBe(true);
  });

  test('has no file that imports itself by way of others', () => {
    expect(importCycles(imports)).toEqual([]);
  });

  test('has no entry below the two that it has', () => {
    expect(files.filter((file) => file.endsWith('/index.ts'))).toEqual(['src/index.ts', 'routes/index.ts']);
  });

  test('imports files by their whole names', () => {
    const own = imports.filter(({ to }) => /^(src|routes|\.)/.test(to));
    expect(own.filter(({ to }) => !files.includes(to))).toEqual([]);
  });

  test('is as src/ARCHITECTURE.md draws it', () => {
    const page = readFileSync(new URL('../src/ARCHITECTURE.md', import.meta.url), 'utf8');
    const drawn = Object.fromEntries(tableIn(page, 'folder'));
    const others = Object.entries(table).filter(([layer]) => !free.includes(layer));
    expect(drawn).toEqual(Object.fromEntries(others));
  });
});

describe('the check of the house fails', () => {
  const made = (from: string, to: string, typeOnly = false): Import => ({ from, to, typeOnly });
  const small: LayerTable = { message: [], channel: ['message'], app: 'anything', errors: [] };

  test('on an import that the table does not allow, be it of a type alone', () => {
    const given = [
      made('src/channel/a.ts', 'src/message/b.ts'),
      made('src/channel/a.ts', 'src/channel/c.ts'),
      made('src/channel/a.ts', 'src/errors.ts'),
      made('src/app.ts', 'src/channel/a.ts'),
      made('src/message/b.ts', 'src/channel/a.ts', true),
      made('src/message/b.ts', 'src/app.ts'),
    ];
    expect(layerViolations(given, small, ['errors'])).toEqual([
      'src/message/b.ts imports src/channel/a.ts: message may not import channel',
      'src/message/b.ts imports src/app.ts: message may not import app',
    ]);
  });

  test('on a layer that the table does not have', () => {
    expect(layerViolations([made('src/utils/a.ts', 'src/message/b.ts')], small, [])).toEqual([
      'src/utils/a.ts: the layer utils is not in the table',
    ]);
  });

  test('on a library away from its home, or without one', () => {
    const given = [
      made('src/amqp/a.ts', 'amqplib'),
      made('src/amqp/deeper/a.ts', 'amqplib'),
      made('src/amqp-like.ts', 'amqplib'),
      made('src/app.ts', 'lodash'),
      made('src/app.ts', 'node:fs'),
    ];
    expect(libraryViolations(given, { amqplib: ['src/amqp/'] })).toEqual([
      'src/amqp-like.ts imports amqplib, whose home is src/amqp/',
      'src/app.ts imports lodash, which has no home',
    ]);
  });

  test('on a circle, also of one file, and not on two ways to one place', () => {
    const [a, b, c, d] = ['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/d.ts'] as const;
    expect(importCycles([made(a, b), made(a, c), made(b, d), made(c, d)])).toEqual([]);
    expect(importCycles([made(a, b), made(b, c, true), made(c, b)])).toEqual([[b, c, b]]);
    expect(importCycles([made(a, a)])).toEqual([[a, a]]);
  });

  test('on every way to write an import', () => {
    const source = `
      // import nothing from './comment.ts';
      /** import type { Nothing } from './comment.ts'; */
import one from 'one';
import { type Two, three } from './two.ts';
import type { Four } from '../four.ts';
import {
  five,
} from './five.ts';
import * as six from 'node:six';
import 'seven';
export * from './eight.ts';
export type { Nine } from './nine.ts';
export const ten = () => import('./ten.ts');
export const eleven = () => require('eleven');
const text = "from 'nowhere'";
`;
    expect(importsIn(source, 'src/a/b.ts')).toEqual([
      made('src/a/b.ts', 'one'),
      made('src/a/b.ts', 'src/a/two.ts'),
      made('src/a/b.ts', 'src/four.ts', true),
      made('src/a/b.ts', 'src/a/five.ts'),
      made('src/a/b.ts', 'node:six'),
      made('src/a/b.ts', 'seven'),
      made('src/a/b.ts', 'src/a/eight.ts'),
      made('src/a/b.ts', 'src/a/nine.ts', true),
      made('src/a/b.ts', 'src/a/ten.ts'),
      made('src/a/b.ts', 'eleven'),
    ]);
  });

  test('by the layer that a file is in', () => {
    const paths = ['src/message/a.ts', 'src/http/deep/a.ts', 'src/config-file.ts', 'routes/a.ts', 'src/errors.ts'];
    expect(paths.map(layerOf)).toEqual(['message', 'http', 'config-file', 'routes', 'errors']);
  });
});

/** Returns the engine that a file belongs to; undefined for a file of none. */
function engineOf(file: string): string | undefined {
  return /^src\/engine\/(amqp|in-memory)\//.exec(file)?.[1];
}

/** The rows of the table on a page that begins with this head: each layer with what it may import. */
function tableIn(page: string, head: string): [layer: string, allowed: string[] | string][] {
  const [, body = ''] = page.split(new RegExp(`^\\| ${head} .*\\n\\|[ |-]+\\n`, 'm'));
  const rows = body.split('\n');
  const end = rows.findIndex((row) => !row.startsWith('|'));
  return rows.slice(0, end).flatMap((row) => {
    const [layers = '', allowed = ''] = row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.replace(/\(.*\)/, '').trim());
    const names = allowed === 'anything' ? allowed : allowed.split(', ').filter((name) => name !== '');
    return layers.split(', ').map((layer): [string, string[] | string] => [layer, names]);
  });
}
