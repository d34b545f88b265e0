import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Type from 'typebox';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { type Environment, resolveConfig } from '../../src/config/resolve.ts';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import { caught, everythingIn } from '../caught.ts';

const url = 'amqp://user:hunter2@broker:5672/vhost';

/** What is wrong with a configuration, a line each. */
async function issues(config: unknown, environment: Environment = {}): Promise<string[]> {
  const error = await caught(() => resolveConfig(config as Config, environment));
  expect(error.code).toBe('invalid-configuration');
  expect(everythingIn(error)).not.toContain('hunter2');
  const [title, ...lines] = error.message.split('\n- ');
  expect(title).toBe('The configuration is not valid:');
  return lines;
}

/** A file with this content, gone when the test has finished. */
function secretFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'littoral-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  writeFileSync(file, content);
  return file;
}

describe('the settings for messages without a handler', () => {
  const order = defineEventHandler({ routingKey: 'order.*', distributed: true, handle() {} });

  test('is as it says', () => {
    // biome-ignore lint/suspicious/noThenProperty: a word, of an object that nothing awaits
    const unhandled = { graceMs: 0, then: 'ignore', commands: 'defer' } as const;
    const config = { service: 'billing', unhandled, retiredKeys: ['parcel.*'], handlers: [order] };
    expect(resolveConfig(config, {})).toMatchObject({
      unhandled,
      retiredKeys: ['parcel.*'],
    });
  });

  test.each<[object, string]>([
    [{ unhandled: { graceMs: -1 } }, 'unhandled.graceMs'],
    [{ unhandled: { graceMs: 2_592_000_001 } }, 'unhandled.graceMs'],
    [{ unhandled: { commands: 'ignore' } }, 'unhandled.commands'],
    [{ unhandled: { events: 'defer' } }, 'unhandled.events'],
    [{ unhandled: 'defer' }, 'unhandled'],
    [{ retiredKeys: 'order.placed' }, 'retiredKeys'],
    [{ retiredKeys: [7] }, 'retiredKeys.0'],
    [{ retiredKeys: ['a', 'b.#'] }, 'retiredKeys.1'],
    [{ retiredKeys: ['billing'] }, 'retiredKeys.0'],
    [{ retiredKeys: ['order.pla*'], handlers: [order] }, "event handler of 'order.*'"],
  ])('is refused as %j', (settings, path) => {
    expect(() => resolveConfig({ service: 'billing', ...settings } as Config, {})).toThrow(path);
  });
});

describe('a configuration', () => {
  test('needs nothing but the name of the service', () => {
    expect(resolveConfig({ service: 'billing' }, {})).toEqual({
      service: 'billing',
      channel: 'in-memory',
      concurrency: 10,
      maxDecodedBytes: 4_194_304,
      defaultSerializationMediaType: 'application/json',
      allowPhpSerialized: false,
      logLevel: 'info',
      handlerTimeoutMs: 300_000,
      shutdownTimeoutMs: 8000,
      finalFailureStrategy: 'release',
      // biome-ignore lint/suspicious/noThenProperty: a word, of an object that nothing awaits
      unhandled: { graceMs: 600_000, then: 'dead-letter', commands: 'auto' },
      retiredKeys: [],
      handlers: [],
      configuration: {},
      converters: [],
      types: {},
      xmlLists: 'entry',
      dateFractions: 'cut',
      untypedLargeIntegers: 'refuse',
      deduplication: { enabled: true, windowMs: 600_000, maxEntries: 100_000 },
      retries: {
        maxAttempts: 3,
        initialDelayMs: 1000,
        multiplier: 10,
        maxDelayMs: 3_600_000,
        jitter: 0,
        instant: { maxAttempts: 0 },
      },
      broker: {
        queue: 'distributed_billing',
        queueType: 'quorum',
        checkDestinations: true,
        heartbeatSeconds: 5,
        connectTimeoutMs: 10_000,
        confirmTimeoutMs: 10_000,
        maxInFlight: 1000,
        maxInFlightBytes: 67_108_864,
        maxMessageBytes: 16_777_216,
        topologyCheckMs: 10_000,
      },
      routes: {},
      metrics: { enabled: true, keys: [] },
      http: {
        host: '127.0.0.1',
        port: 3000,
        bodyLimit: 1_048_576,
        batchBodyLimit: 16_777_216,
        batchMaxEntries: 10_000,
        maxStreams: 100,
        maxInFlightBytes: 33_554_432,
        minBodyBytesPerSecond: 1024,
        maxConnections: 1000,
        allowedHosts: [],
        basePath: '',
        trustProxy: [],
        forwardHeaders: {},
        drainDelayMs: 1000,
      },
    });
  });

  test('are a valid configuration themselves when resolved', () => {
    // biome-ignore lint/suspicious/noThenProperty: a word, of an object that nothing awaits
    const unhandled = { graceMs: 1000, then: 'ignore', commands: 'defer' } as const;
    const order = defineEventHandler({ routingKey: 'order.*', distributed: true, handle() {} });
    for (const config of [{}, { broker: { url } }, { broker: { urls: [url] }, unhandled, handlers: [order] }]) {
      const resolved = resolveConfig({ service: 'billing', ...config }, {});
      expect(resolveConfig(resolved, {})).toEqual(resolved);
    }
  });

  test.each([
    [{}, 1000],
    [{ shutdownTimeoutMs: 60_000 }, 1000],
    [{ shutdownTimeoutMs: 100 }, 12],
    [{ http: { drainDelayMs: 0 } }, 0],
    [{ http: { drainDelayMs: 5000 } }, 5000],
  ])('of %j keeps the port open for %i ms of a shutdown', (config, drainDelayMs) => {
    expect(resolveConfig({ service: 'billing', ...config }, {}).http.drainDelayMs).toBe(drainDelayMs);
  });

  test.each([
    [{}, 4_194_304],
    [{ http: { bodyLimit: 8_388_608 } }, 8_388_608],
    [{ http: { bodyLimit: 8_388_608 }, maxDecodedBytes: 1000 }, 1000],
  ])('of %j decodes payloads of up to %i bytes', (config, maxDecodedBytes) => {
    expect(resolveConfig({ service: 'billing', ...config }, {}).maxDecodedBytes).toBe(maxDecodedBytes);
  });

  test('runs on RabbitMQ if it names a broker, unless it says otherwise', () => {
    expect(resolveConfig({ service: 'billing', broker: { url } }, {}).channel).toBe('rabbitmq');
    expect(resolveConfig({ service: 'billing', broker: { url }, channel: 'in-memory' }, {}).channel).toBe('in-memory');
  });

  test('keeps what it is given', () => {
    const config: Config = {
      service: 'zażółć',
      concurrency: 1,
      logLevel: 'silent',
      broker: { url, queueType: 'classic', queue: 'tickets', checkDestinations: false, maxInFlight: 1 },
      routes: {
        services: { crm: { queue: 'crm_in' } },
        events: [{ keys: ['user.*'], queue: 'crm_in', except: ['crm'] }],
      },
      http: { host: '::', port: 0, bodyLimit: 16 * 1024 * 1024, allowedHosts: ['gateway'] },
    };
    expect(resolveConfig(config, {})).toMatchObject(config);
  });

  test('may name settings as undefined', () => {
    const config = { service: 'billing', concurrency: undefined, broker: { url: undefined }, http: undefined };
    expect(resolveConfig(config, {})).toMatchObject({ concurrency: 10, channel: 'in-memory' });
  });

  test('names request headers in any case', () => {
    const http = { forwardHeaders: { 'X-Tenant-ID': 'tenantId' }, idempotencyScopeHeader: 'X-Tenant-ID' };
    expect(resolveConfig({ service: 'billing', http }, {}).http).toMatchObject({
      forwardHeaders: { 'x-tenant-id': 'tenantId' },
      idempotencyScopeHeader: 'x-tenant-id',
    });
  });
});

describe('the environment', () => {
  test('overrides the configuration', () => {
    const config: Config = {
      service: 'billing',
      channel: 'in-memory',
      logLevel: 'info',
      broker: { url: 'amqp://other', maxInFlight: 7 },
      http: { host: '127.0.0.1', port: 1, bodyLimit: 7 },
    };
    const environment = {
      SERVICE_NAME: 'shop',
      AMQP_URL: url,
      HOST: '0.0.0.0',
      PORT: '8080',
      LOG_LEVEL: 'debug',
      CHANNEL: 'rabbitmq',
    };
    expect(resolveConfig(config, environment)).toMatchObject({
      service: 'shop',
      channel: 'rabbitmq',
      logLevel: 'debug',
      broker: { url, maxInFlight: 7 },
      http: { host: '0.0.0.0', port: 8080, bodyLimit: 7 },
    });
    expect(config.service).toBe('billing');
  });

  test('holds the admin token, or names its file', () => {
    const ADMIN_TOKEN = 'a-secret-of-the-operators';
    expect(resolveConfig({ service: 'billing' }, { ADMIN_TOKEN }).http.adminToken).toBe(ADMIN_TOKEN);
    const ADMIN_TOKEN_FILE = secretFile(`${ADMIN_TOKEN}\n`);
    expect(resolveConfig({ service: 'billing' }, { ADMIN_TOKEN_FILE }).http.adminToken).toBe(ADMIN_TOKEN);
    expect(resolveConfig({ service: 'billing' }, {}).http.adminToken).toBeUndefined();
  });

  test.each(['fifteen-letters', 'sixteen letters!', 'ąąąąąąąąąąąąąąąą'])(
    'holds no admin token that is short or cannot be sent, and the issue does not repeat it: %s',
    async (ADMIN_TOKEN) => {
      expect(await issues({ service: 'billing' }, { ADMIN_TOKEN })).toEqual([
        'ADMIN_TOKEN (http.adminToken): has fewer than 16 characters, or one that is not visible ASCII',
      ]);
    },
  );

  test('says everything where there is no configuration', () => {
    expect(resolveConfig({}, { SERVICE_NAME: 'shop', PORT: '0' })).toMatchObject({
      service: 'shop',
      http: { port: 0 },
    });
  });

  test('is not there where a variable is empty', () => {
    const empty = { SERVICE_NAME: '', AMQP_URL: '', AMQP_URL_FILE: '', HOST: '', PORT: '', LOG_LEVEL: '', CHANNEL: '' };
    const config: Config = { service: 'billing', broker: { url }, http: { port: 1 } };
    expect(resolveConfig(config, empty)).toEqual(resolveConfig(config, {}));
  });

  test.each(['abc', ' ', '80 80', '-1', '1e3', '0x50', '3000.5', '65536', '99999999999999999999'])(
    'is invalid with the port %j',
    async (PORT) => {
      expect(await issues({ service: 'billing' }, { PORT })).toEqual([
        expect.stringMatching(/^PORT \(http\.port\): must /),
      ]);
    },
  );

  test.each(['::1', 'fe80::1%eth0', '0.0.0.0', 'localhost', 'gateway.internal', 'my_host', 'bröker.example'])(
    'may have the host %s',
    (HOST) => {
      expect(resolveConfig({ service: 'billing' }, { HOST }).http.host).toBe(HOST);
    },
  );

  test.each<[string, RegExp]>([
    ['[::1]', /^HOST \(http\.host\): has brackets; an IPv6 address stands here without them, such as ::1$/],
    ['localhost:3000', /the port as PORT/],
    ['[::1]:3000', /the port as PORT/],
    ['http://localhost', /has a scheme or a path; /],
    ['*', /0\.0\.0\.0 for all addresses/],
    ['my host', /neither an address nor a name$/],
    [' ', /neither an address nor a name$/],
    ['user@host', /neither an address nor a name$/],
  ])('is invalid with the host %j', async (HOST, issue) => {
    expect(await issues({ service: 'billing' }, { HOST })).toEqual([expect.stringMatching(issue)]);
  });

  test('is invalid by its name, and the path of the setting that it overrides', async () => {
    const environment = { SERVICE_NAME: 'a.*', LOG_LEVEL: 'loud', CHANNEL: 'carrier-pigeon' };
    expect(await issues({}, environment)).toEqual([
      'CHANNEL (channel): must be one of in-memory, rabbitmq',
      'LOG_LEVEL (logLevel): must be one of trace, debug, info, warn, error, fatal, silent',
      'SERVICE_NAME (service): has a wildcard (* or #)',
    ]);
  });
});

describe('the URL of the broker', () => {
  test('may stand in a file, with a line break at its end', () => {
    for (const end of ['', '\n', '\r\n']) {
      const AMQP_URL_FILE = secretFile(`${url}${end}`);
      expect(resolveConfig({ service: 'billing' }, { AMQP_URL_FILE }).broker.url).toBe(url);
    }
  });

  test('may not stand in both', async () => {
    const AMQP_URL_FILE = secretFile(url);
    expect(await issues({ service: 'billing' }, { AMQP_URL: url, AMQP_URL_FILE })).toEqual([
      'AMQP_URL and AMQP_URL_FILE are both set; keep one of them',
    ]);
  });

  test('is missing when the file is', async () => {
    expect(await issues({ service: 'billing' }, { AMQP_URL_FILE: '/does/not/exist' })).toEqual([
      expect.stringMatching(/^AMQP_URL_FILE: ENOENT.*\/does\/not\/exist/),
    ]);
    expect(await issues({ service: 'billing' }, { AMQP_URL_FILE: tmpdir() })).toEqual([
      `AMQP_URL_FILE: '${tmpdir()}' is a directory, not a regular file; name a file in it`,
    ]);
  });

  test('which is the secret itself by mistake is not quoted', async () => {
    expect(await issues({ service: 'billing' }, { AMQP_URL_FILE: url })).toEqual([
      'AMQP_URL_FILE: is an address; write that into a file, and the name of the file here',
    ]);
  });

  test.each(['', '\n', ' \n '])('is missing when the file is empty, rather than none: %j', async (content) => {
    const AMQP_URL_FILE = secretFile(content);
    expect(await issues({ service: 'billing' }, { AMQP_URL_FILE })).toEqual([
      `AMQP_URL_FILE: ${AMQP_URL_FILE} is empty`,
    ]);
  });

  test('has no parameters, each of which is invalid by its name', async () => {
    const AMQP_URL = `${url}?heartbeat=5&verify=verify_none`;
    expect(await issues({ service: 'billing' }, { AMQP_URL })).toEqual([
      expect.stringMatching(/^AMQP_URL \(broker\.url\): the parameter 'heartbeat' .*broker\.heartbeatSeconds$/),
      expect.stringMatching(/^AMQP_URL \(broker\.url\): the parameter 'verify' .*broker\.caFile/),
    ]);
  });

  test('must be there for RabbitMQ', async () => {
    expect(await issues({ service: 'billing', channel: 'rabbitmq' })).toEqual([
      'broker.url: is missing; set it or AMQP_URL',
    ]);
  });
});

describe('the files for TLS', () => {
  const tls = { url: 'amqps://broker' };

  test('are named by the environment', async () => {
    const environment = { AMQP_CA_FILE: '/a', AMQP_CERT_FILE: '/b', AMQP_KEY_FILE: '/c' };
    expect(await issues({ service: 'billing', broker: { ...tls, caFile: '/d' } }, environment)).toEqual([
      'AMQP_CA_FILE (broker.caFile): /a does not exist',
      'AMQP_CERT_FILE (broker.certFile): /b does not exist',
      'AMQP_KEY_FILE (broker.keyFile): /c does not exist',
    ]);
  });

  test('need a URL that says so', async () => {
    const files = { caFile: '/a', certFile: '/b', keyFile: '/c' };
    const found = await issues({ service: 'billing', broker: { url, ...files } });
    expect(
      found.filter((issue) => issue.endsWith(': is only for amqps://, and broker.url does not begin with it')),
    ).toHaveLength(3);
  });

  test('are invalid where one holds no certificate', async () => {
    const caFile = secretFile('nothing of the kind');
    expect(await issues({ service: 'billing', broker: { ...tls, caFile } })).toEqual([
      expect.stringMatching(/^broker\.caFile: .* holds no certificate in PEM/),
    ]);
  });
});

describe('in production', () => {
  const NODE_ENV = 'production';

  test('a forgotten broker is an error', async () => {
    expect(await issues({ service: 'billing' }, { NODE_ENV })).toEqual([
      expect.stringMatching(
        /^broker\.url: is missing; set it or AMQP_URL\. With NODE_ENV=production.*CHANNEL=in-memory$/,
      ),
    ]);
    expect(await issues({ service: 'billing' }, { NODE_ENV, AMQP_URL: '' })).toHaveLength(1);
  });

  test('the in-memory channel must be asked for', () => {
    expect(resolveConfig({ service: 'billing' }, { NODE_ENV, CHANNEL: 'in-memory' }).channel).toBe('in-memory');
    expect(resolveConfig({ service: 'billing', broker: { url } }, { NODE_ENV }).channel).toBe('rabbitmq');
  });
});

describe('a configuration is not valid', () => {
  test('without a service', async () => {
    const missing = "service: is missing; set it in the configuration file or as SERVICE_NAME, such as 'billing'";
    expect(await issues({})).toEqual([missing]);
    expect(await issues({ concurrency: 0 })).toEqual([missing, expect.stringMatching(/^concurrency: must /)]);
  });

  test.each<[unknown, string]>([
    ['', 'is empty'],
    ['a.*', 'has a wildcard (* or #)'],
    ['a\nb', 'has a control character'],
    ['a\ud800', 'is not valid Unicode'],
    ['billing_dead_letter', "its queue would be that of the dead letters of a service 'billing'. Choose another name"],
    ['x'.repeat(201), 'is longer than 200 bytes'],
    ['ż'.repeat(101), 'is longer than 200 bytes'],
    [7, 'must be string'],
    [null, 'must be string'],
  ])('rejects the service %j', async (service, issue) => {
    expect(await issues({ service })).toEqual([`service: ${issue}`]);
  });

  test('rejects impossible retries', async () => {
    const instant = { maxAttempts: 1.5, errors: ['', 7, 'ConflictError', TypeError] };
    const retries = {
      maxAttempts: -1,
      initialDelayMs: 0,
      multiplier: 0.5,
      maxDelayMs: 2_592_000_001,
      jitter: 1.1,
      instant,
      tries: 1,
    };
    const config = { service: 'billing', retries, finalFailureStrategy: 'forget' };
    expect((await issues(config)).map((issue) => issue.split(':')[0]).sort()).toEqual([
      'finalFailureStrategy',
      'retries.initialDelayMs',
      'retries.instant.errors.0',
      'retries.instant.errors.1',
      'retries.instant.maxAttempts',
      'retries.jitter',
      'retries.maxAttempts',
      'retries.maxDelayMs',
      'retries.multiplier',
      'retries.tries',
    ]);
  });

  test('reports each unknown setting by its path', async () => {
    const config = {
      service: 'billing',
      brokers: { url },
      broker: { url, uri: url },
      http: { prot: 3000, forwardHeaders: {} },
    };
    expect(new Set(await issues(config))).toEqual(
      new Set(['brokers: is not a setting', 'broker.uri: is not a setting', 'http.prot: is not a setting']),
    );
  });

  test('reports unknown settings, whatever they hold', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    expect(await issues({ service: 'billing', logger: cyclic })).toEqual(['logger: is not a setting']);
  });

  test.each<[object, string]>([
    [{ concurrency: 0 }, 'concurrency'],
    [{ concurrency: 1.5 }, 'concurrency'],
    [{ concurrency: '10' }, 'concurrency'],
    [{ shutdownTimeoutMs: 2 ** 31 }, 'shutdownTimeoutMs'],
    [{ handlers: './handlers/*.ts' }, 'handlers'],
    [{ converters: {} }, 'converters'],
    [{ types: [] }, 'types'],
    [{ types: { 'App\\Billing': 7 } }, 'types.App\\Billing'],
    [{ broker: url }, 'broker'],
    [{ broker: null }, 'broker'],
    [{ broker: { url: 7 } }, 'broker.url'],
    [{ broker: { queueType: 'stream' } }, 'broker.queueType'],
    [{ broker: { queue: '' } }, 'broker.queue'],
    [{ broker: { queue: 'amq.q' } }, 'broker.queue'],
    [{ broker: { queue: 'distributed_billing_dead_letter' } }, 'broker.queue'],
    [{ broker: { queue: 'littoral_billing_due' } }, 'broker.queue'],
    [{ routes: { services: { crm: 'crm_in' } } }, 'routes.services.crm'],
    [{ routes: { services: { crm: { queue: 'amq.x' } } } }, 'routes.services.crm.queue'],
    [{ routes: { events: [{ keys: [], queue: 'a' }] } }, 'routes.events.0.keys'],
    [{ routes: { events: [{ keys: ['a.#'], queue: 'a' }] } }, 'routes.events.0.keys.0'],
    [{ routes: { events: [{ keys: ['a'], queue: 'a', only: [] }] } }, 'routes.events.0.only'],
    [{ broker: { caFile: '/does/not/exist' } }, 'broker.caFile'],
    [{ broker: { heartbeatSeconds: 0 } }, 'broker.heartbeatSeconds'],
    [{ http: [] }, 'http'],
    [{ http: { host: '' } }, 'http.host'],
    [{ http: { port: -1 } }, 'http.port'],
    [{ http: { bodyLimit: 2 ** 25 } }, 'http.bodyLimit'],
    [{ maxDecodedBytes: 0 }, 'maxDecodedBytes'],
    [{ http: { drainDelayMs: -1 } }, 'http.drainDelayMs'],
    [{ http: { drainDelayMs: 8000 } }, 'http.drainDelayMs'],
    [{ shutdownTimeoutMs: 100, http: { drainDelayMs: 100 } }, 'http.drainDelayMs'],
    [{ http: { bodyLimit: { valueOf: 1 } } }, 'http.bodyLimit'],
    [{ http: { allowedHosts: ['ok', 7] } }, 'http.allowedHosts.1'],
    [{ http: { forwardHeaders: { 'x-a': 7 } } }, 'http.forwardHeaders.x-a'],
    [{ http: { forwardHeaders: { 'x-a': 'x-b' } } }, 'http.forwardHeaders.x-a'],
    [{ http: { forwardHeaders: { 'x/~a': 'id' } } }, 'http.forwardHeaders.x/~a'],
    [{ http: { forwardHeaders: { 'x-a': 'a', 'X-A': 'b' } } }, 'http.forwardHeaders.X-A'],
    [{ deduplication: true }, 'deduplication'],
    [{ deduplication: { enabled: 'yes' } }, 'deduplication.enabled'],
    [{ deduplication: { windowMs: 0 } }, 'deduplication.windowMs'],
    [{ deduplication: { maxEntries: 0 } }, 'deduplication.maxEntries'],
    [{ deduplication: { maxEntries: 1e9 } }, 'deduplication.maxEntries'],
    [{ deduplication: { ttl: 1 } }, 'deduplication.ttl'],
    [{ deduplication: { store: null } }, 'deduplication.store'],
    [{ deduplication: { store: 'redis' } }, 'deduplication.store'],
    [{ deduplication: { store: { has: () => false } } }, 'deduplication.store'],
    [{ defaultSerializationMediaType: 'json' }, 'defaultSerializationMediaType'],
    [{ defaultSerializationMediaType: 'application/*' }, 'defaultSerializationMediaType'],
    [{ defaultSerializationMediaType: 'multipart/form-data' }, 'defaultSerializationMediaType'],
    [{ defaultSerializationMediaType: 'application/x-js' }, 'defaultSerializationMediaType'],
  ])('rejects %j', async (settings, path) => {
    const [issue, ...others] = await issues({ service: 'billing', ...settings });
    expect(others).toEqual([]);
    expect(issue).toMatch(/: ./);
    expect(issue?.slice(0, issue.indexOf(': '))).toBe(path);
  });

  test('rejects limits of a store in the process beside a store of its own', async () => {
    const store = { has: () => false, record: () => {} };
    const rest = 'is only for the store in memory, which deduplication.store replaces; leave it out';
    expect(await issues({ service: 'billing', deduplication: { windowMs: 1, maxEntries: 1, store } })).toEqual([
      `deduplication.windowMs: ${rest}`,
      `deduplication.maxEntries: ${rest}`,
    ]);
  });

  test.each([
    undefined,
    7,
    {},
    { name: 'CSV', matches: () => true },
    { name: 7, matches: () => true, convert: () => 1 },
    { name: 'CSV', matches: 'text/csv', convert: () => 1 },
  ])('rejects a converter that is none: %j', async (converter) => {
    const fine = { name: 'fine', matches: () => false, convert: () => 1 };
    expect(await issues({ service: 'billing', converters: [fine, converter] })).toEqual([
      expect.stringMatching(/^converters\.1: is no converter; give .+ of 'from', 'to' and 'convert'$/),
    ]);
  });

  test.each([
    [{ from: 7, to: Type.String() }, /^converters\.0: its 'from' is a number, not a schema or a class/],
    [{ from: Type.String(), to: () => 1 }, /^converters\.0: its 'to' is a function, not a schema or a class/],
    [{ from: Type.String({ format: 'x' }), to: Date }, /^converters\.0: its 'from' has the format 'x'/],
  ])('rejects a type converter whose end is no type: %#', async (ends, issue) => {
    const converter = { ...ends, convert: () => 1 };
    expect(await issues({ service: 'billing', converters: [converter] })).toEqual([expect.stringMatching(issue)]);
  });

  test.each([undefined, null, 'billing', 7, [], () => {}])('when it is %s', async (config) => {
    expect(await issues(config, { AMQP_URL: url, PORT: '1' })).toEqual([
      expect.stringMatching(/^\(the configuration\): is .+, not an object of settings$/),
    ]);
  });

  test('reports every issue at once, of whatever kind', async () => {
    const config = {
      service: 'a.*',
      concurrency: 0,
      logLevel: 7,
      unknown: 1,
      broker: { url: 7, queueType: 'x', caFile: '/does/not/exist', maxInFlight: 0, confirmTimeoutMs: 'x', more: 1 },
      http: { port: 'x', bodyLimit: 0, allowedHosts: 'x', forwardHeaders: { a: 'id' }, more: 1 },
      handlers: 7,
      converters: [7],
      defaultSerializationMediaType: 'json',
    };
    const environment = { AMQP_URL_FILE: '/does/not/exist', CHANNEL: 'x' };
    const paths = (await issues(config, environment)).map((line) => line.slice(0, line.indexOf(':')));
    expect(new Set(paths)).toEqual(
      new Set([
        'AMQP_URL_FILE',
        'service',
        'concurrency',
        'logLevel',
        'unknown',
        'CHANNEL (channel)',
        'broker.url',
        'broker.queueType',
        'broker.caFile',
        'broker.maxInFlight',
        'broker.confirmTimeoutMs',
        'broker.more',
        'http.port',
        'http.bodyLimit',
        'http.allowedHosts',
        'http.forwardHeaders.a',
        'http.more',
        'handlers',
        'converters.0',
        'defaultSerializationMediaType',
      ]),
    );
    expect(paths).toHaveLength(new Set(paths).size);
  });
});
