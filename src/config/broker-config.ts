import Type, { type Static } from 'typebox';
import { validateOwnQueue } from '../bus/validate-routes.ts';
import { readPassword } from '../engine/amqp/connection/address-source.ts';
import { validateAmqpUrls } from '../engine/amqp/connection/amqp-urls.ts';
import { errorMessage } from '../errors.ts';
import { readSettingFile } from '../file/setting-file.ts';
import { validateTlsFiles } from '../file/tls-files.ts';
import { readToken } from '../file/token.ts';
import { closed, Milliseconds, type SameSettings } from './setting-types.ts';

/** The connection to the broker, the queues and the limits. */
export interface BrokerConfig {
  /**
   * `amqp://user:password@host:5672/vhost`, or `amqps://` for TLS. Commas separate the URLs of several nodes of one
   * broker. `AMQP_URL` overrides it.
   */
  url?: string | undefined;
  /** A list of URLs, in place of `url`. The nodes are tried in random order. */
  urls?: readonly string[] | undefined;
  /**
   * A file that holds the URLs, in place of `url`. Read for each connection. Default: none. `AMQP_URL_FILE` overrides
   * it.
   */
  urlFile?: string | undefined;
  /**
   * A file that holds the password of the user in the URLs, which then contain no password. Read for each connection.
   * Default: none. `AMQP_PASSWORD_FILE` overrides it.
   */
  passwordFile?: string | undefined;
  /**
   * A file that holds an OAuth 2 token, which is sent as the password. Read for each connection. When it changes, the
   * gateway renews the token of open connections. Default: none. `AMQP_TOKEN_FILE` overrides it.
   */
  tokenFile?: string | undefined;
  /** `classic` shares a service name with an Ecotone application, without protection from poison. Default: `quorum`. */
  queueType?: 'quorum' | 'classic' | undefined;
  /**
   * The queue that is consumed. Other services reach it through the exchange, or by its name in their `routes`.
   * Default: `distributed_<service>`, which Ecotone's bus and the look-up of destinations expect.
   */
  queue?: string | undefined;
  /**
   * A file of certificates to trust in place of those that Node trusts, PEM. Needs `amqps://`. Read for each
   * connection. Default: those that Node trusts. `AMQP_CA_FILE` overrides it.
   */
  caFile?: string | undefined;
  /**
   * A file of the certificate that this process shows to the broker, and of those that lead to its authority, PEM.
   * Needs `amqps://` and `keyFile`. Read for each connection. Where the URL has no user, the certificate logs in
   * (EXTERNAL). Default: none. `AMQP_CERT_FILE` overrides it.
   */
  certFile?: string | undefined;
  /**
   * A file of the private key of that certificate, PEM, not encrypted. Read for each connection. Default: none.
   * `AMQP_KEY_FILE` overrides it.
   */
  keyFile?: string | undefined;
  /** True to look up the queue of a destination before a command is sent to it. Default: true. */
  checkDestinations?: boolean | undefined;
  /** The interval of heartbeats. A connection that is silent for twice as long counts as lost. Default: 5. */
  heartbeatSeconds?: number | undefined;
  /** Milliseconds until an attempt to connect fails. Default: 10 s. */
  connectTimeoutMs?: number | undefined;
  /** Milliseconds after which the outcome of an unconfirmed publish is unknown (504). Default: 10 s. */
  confirmTimeoutMs?: number | undefined;
  /** Maximum number of publishes that wait for their confirm; more are refused (429). Default: 1000. */
  maxInFlight?: number | undefined;
  /** Maximum number of bytes of the bodies of these publishes. Default: 64 MiB. */
  maxInFlightBytes?: number | undefined;
  /**
   * Larger messages are refused, because RabbitMQ would close the channel over them. Default: 16 MiB, as RabbitMQ 4.
   */
  maxMessageBytes?: number | undefined;
  /**
   * Milliseconds between two checks of the exchange, the queues and the bindings of this service, which are declared
   * again if they were deleted. Must be the same on all gateways of a bus. Default: 10 s.
   */
  topologyCheckMs?: number | undefined;
}

/** The schema of `broker`, as far as a schema can express it. */
export const BrokerSchema = Type.Object(
  {
    url: Type.Optional(Type.String()),
    urls: Type.Optional(Type.Array(Type.String())),
    urlFile: Type.Optional(Type.String({ minLength: 1, description: 'A file that holds the URLs.' })),
    passwordFile: Type.Optional(
      Type.String({ minLength: 1, description: 'A file of the password of the user that the URLs name.' }),
    ),
    tokenFile: Type.Optional(
      Type.String({ minLength: 1, description: 'A file of an OAuth 2 token, which logs in as the password.' }),
    ),
    queueType: Type.Optional(Type.Enum(['quorum', 'classic'])),
    queue: Type.Optional(Type.String()),
    caFile: Type.Optional(Type.String({ minLength: 1 })),
    certFile: Type.Optional(Type.String({ minLength: 1 })),
    keyFile: Type.Optional(Type.String({ minLength: 1 })),
    checkDestinations: Type.Optional(Type.Boolean()),
    heartbeatSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
    connectTimeoutMs: Type.Optional(Milliseconds),
    confirmTimeoutMs: Type.Optional(Milliseconds),
    maxInFlight: Type.Optional(Type.Integer({ minimum: 1 })),
    maxInFlightBytes: Type.Optional(Type.Integer({ minimum: 1 })),
    maxMessageBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: 536_870_912 })),
    topologyCheckMs: Type.Optional(Milliseconds),
  },
  closed,
);

true satisfies SameSettings<BrokerConfig, Static<typeof BrokerSchema>>;

/**
 * Validates what the schema cannot express: the addresses of the broker, the files of the connection and the queue.
 *
 * @param service the service, which other queues are named after
 */
export function validateBroker(broker: BrokerConfig, service: unknown): string[] {
  const { url, urls, queue } = broker;
  const issues = validateUrls(broker);
  const [first] = Array.isArray(urls) ? urls : [url];
  const hasUrl = typeof first === 'string' && first !== '';
  const names = (['caFile', 'certFile', 'keyFile'] as const).filter((name) => broker[name] !== undefined);
  const isTls = hasUrl && /^\s*amqps:/i.test(first);
  if (hasUrl && !isTls) {
    issues.push(...names.map((name) => `broker.${name}: is only for amqps://, and broker.url does not begin with it`));
  }
  const isText = names.every((name) => typeof broker[name] === 'string' && broker[name] !== '');
  if (isText) issues.push(...validateTlsFiles(broker, { section: 'broker', variables: 'AMQP' }));
  issues.push(...validateSecretFiles(broker, typeof first === 'string' ? first : ''));
  if (typeof queue === 'string') {
    const queueIssue = validateOwnQueue(queue, typeof service === 'string' ? service : '');
    if (queueIssue) issues.push(`broker.queue: ${queueIssue}`);
  }
  return issues;
}

/** Reads each file once, so that an issue names its setting. */
function validateSecretFiles({ passwordFile, tokenFile }: BrokerConfig, url: string): string[] {
  const issues: string[] = [];
  for (const [name, file, parse] of [
    ['broker.passwordFile', passwordFile, readPassword],
    ['broker.tokenFile', tokenFile, readToken],
  ] as const) {
    if (typeof file !== 'string' || file === '') continue;
    const text = readSettingFile(name, file, issues);
    try {
      if (text !== undefined) parse(text);
    } catch (error) {
      issues.push(`${name}: ${errorMessage(error)}`);
    }
    const [, user = '', password] = /^[^/]*:\/\/([^:@/]*)(:[^@/]*)?@/.exec(url.trim()) ?? [];
    if (password !== undefined) issues.push(`${name}: broker.url has a password as well; leave it out there`);
    else if (url !== '' && user === '' && name === 'broker.passwordFile') {
      issues.push(`${name}: broker.url names no user; write it as amqp://user@host:5672/vhost`);
    }
  }
  if (passwordFile !== undefined && tokenFile !== undefined) {
    issues.push('broker.tokenFile: broker.passwordFile is set as well; keep one of them');
  }
  return issues;
}

/** The settings that environment variables override. */
export const brokerVariables = {
  'broker.url': 'AMQP_URL',
  'broker.caFile': 'AMQP_CA_FILE',
  'broker.certFile': 'AMQP_CERT_FILE',
  'broker.keyFile': 'AMQP_KEY_FILE',
  'broker.passwordFile': 'AMQP_PASSWORD_FILE',
  'broker.tokenFile': 'AMQP_TOKEN_FILE',
} as const;

/** Reads the settings that the environment has, except for the URL. */
export function readBrokerVariables(environment: Readonly<Record<string, string | undefined>>): BrokerConfig {
  const { AMQP_CA_FILE, AMQP_CERT_FILE, AMQP_KEY_FILE, AMQP_PASSWORD_FILE, AMQP_TOKEN_FILE } = environment;
  return {
    ...(AMQP_CA_FILE ? { caFile: AMQP_CA_FILE } : {}),
    ...(AMQP_CERT_FILE ? { certFile: AMQP_CERT_FILE } : {}),
    ...(AMQP_KEY_FILE ? { keyFile: AMQP_KEY_FILE } : {}),
    ...(AMQP_PASSWORD_FILE ? { passwordFile: AMQP_PASSWORD_FILE } : {}),
    ...(AMQP_TOKEN_FILE ? { tokenFile: AMQP_TOKEN_FILE } : {}),
  };
}

function validateUrls({ url, urls }: BrokerConfig): string[] {
  if (url && urls !== undefined) return ['broker.urls: broker.url is set as well; keep one of them'];
  if (Array.isArray(urls) && urls.every((text) => typeof text === 'string')) {
    return validateAmqpUrls(urls).map((issue) => `broker.urls: ${issue}`);
  }
  return typeof url === 'string' && url !== '' ? validateAmqpUrls(url).map((issue) => `broker.url: ${issue}`) : [];
}
