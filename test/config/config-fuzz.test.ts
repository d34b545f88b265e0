import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { type Environment, resolveConfig } from '../../src/config/resolve.ts';
import { isLittoralError } from '../../src/errors.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { anyText } from '../arbitraries.ts';
import { quietLogger } from '../logs/quiet-logger.ts';

const secret = 'hunter2';

const anything = fc.anything({
  key: fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', 'url', 'port', 'host'), anyText),
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
});

const value = fc.oneof(
  anything,
  fc.constantFrom(Symbol('setting'), () => {}, class {}),
);
const often = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: usual as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: value });
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 65_535, 65_536, 2 ** 31));

/** Like a configuration, so that it gets further than the first check, with some settings replaced by anything. */
const settings = often(
  fc.record(
    {
      service: often(fc.oneof(fc.constant('billing'), anyText)),
      channel: often(fc.constantFrom('in-memory', 'rabbitmq')),
      concurrency: often(number),
      defaultSerializationMediaType: often(fc.constantFrom('application/json', 'json', 'text/plain; charset=x')),
      logLevel: often(fc.constantFrom('info', 'silent', 'loud')),
      handlerTimeoutMs: often(number),
      shutdownTimeoutMs: often(number),
      retries: often(
        fc.record(
          {
            maxAttempts: often(number),
            initialDelayMs: often(number),
            multiplier: often(number),
            maxDelayMs: often(number),
            jitter: often(number),
            instant: often(fc.record({ maxAttempts: often(number), errors: often(fc.array(value)) })),
          },
          { requiredKeys: [] },
        ),
      ),
      unhandled: often(
        fc.record({ graceMs: often(fc.integer()), commands: often(fc.constantFrom('auto', 'defer', 'never')) }),
      ),
      retiredKeys: often(fc.array(often(fc.string()))),
      finalFailureStrategy: often(fc.constantFrom('release', 'ignore', 'retry')),
      deduplication: often(
        fc.record(
          { enabled: value, windowMs: often(number), maxEntries: often(number), store: value },
          { requiredKeys: [] },
        ),
      ),
      broker: often(
        fc.record(
          {
            url: often(fc.oneof(fc.constant(`amqp://user:${secret}@broker:5672/v`), anyText, fc.webUrl())),
            queueType: often(fc.constantFrom('quorum', 'classic')),
            queue: often(anyText),
            caFile: often(fc.oneof(fc.constant('/nowhere'), anyText)),
            checkDestinations: often(fc.boolean()),
            maxMessageBytes: often(number),
          },
          { requiredKeys: [] },
        ),
      ),
      routes: often(
        fc.record(
          {
            services: often(fc.dictionary(anyText, often(fc.record({ queue: often(anyText) })))),
            events: often(fc.array(often(fc.record({ keys: often(fc.array(anyText)), queue: often(anyText) })))),
          },
          { requiredKeys: [] },
        ),
      ),
      http: often(
        fc.record(
          {
            host: often(fc.oneof(fc.constant('127.0.0.1'), anyText)),
            port: often(number),
            bodyLimit: often(number),
            allowedHosts: often(fc.array(often(fc.domain()))),
            forwardHeaders: often(fc.dictionary(anyText, often(anyText))),
            idempotencyScopeHeader: often(anyText),
            drainDelayMs: often(number),
            adminToken: often(fc.constantFrom(secret, `${secret} of the operators`)),
          },
          { requiredKeys: [] },
        ),
      ),
      handlers: often(fc.array(value)),
      container: value,
      configuration: often(fc.dictionary(anyText, value)),
      converters: often(fc.array(value)),
      types: often(fc.dictionary(anyText, value)),
      unknown: value,
    },
    { requiredKeys: [] },
  ),
);

const text = fc.oneof(fc.constantFrom('', '0', 'billing', `amqp://user:${secret}@broker`, 'info'), anyText);
const variables = fc.constantFrom(
  'SERVICE_NAME',
  'CHANNEL',
  'LOG_LEVEL',
  'AMQP_URL',
  'AMQP_URL_FILE',
  'AMQP_PASSWORD_FILE',
  'AMQP_TOKEN_FILE',
  'TLS_CERT_FILE',
  'TLS_CLIENT_CERTIFICATES',
  'HOST',
  'PORT',
  'ADMIN_TOKEN',
);
const environments = fc.dictionary(variables, text, { maxKeys: 3, noNullPrototype: true });

/** @returns what it throws, which must be an error of ours that keeps the secret */
function refusalOf(make: () => unknown): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    if (!isLittoralError(error)) throw error;
    expect(error.message).not.toContain(secret);
    return error.code;
  }
}

test('whatever a configuration is, it is taken or refused as invalid', () => {
  fc.assert(
    fc.property(settings, environments, (config, environment) => {
      const code = refusalOf(() => resolveConfig(config as Config, environment as Environment));
      expect([undefined, 'invalid-configuration']).toContain(code);
    }),
    { numRuns: 500 },
  );
});

test('whatever a configuration is, a gateway is made of it or it is refused', () => {
  const options = { environment: {}, logger: quietLogger() };
  fc.assert(
    fc.property(settings, (config) => {
      const code = refusalOf(() => createGateway(config as Config, options));
      expect([undefined, 'invalid-configuration', 'invalid-handlers']).toContain(code);
    }),
    { numRuns: 100 },
  );
});
