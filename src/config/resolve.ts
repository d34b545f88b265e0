import { errorMessage, LittoralError } from '../errors.ts';
import { readRegularFile } from '../file/regular-file.ts';
import type { HandlerDefinition } from '../handler/handler-definition.ts';
import { isRecord } from '../schema/is-record.ts';
import { describeValue } from '../text/describe-value.ts';
import { serviceQueue } from '../wire/service-queue.ts';
import type { BrokerConfig, Config, DeduplicationConfig, HttpConfig, UnhandledConfig } from './config.ts';
import { defaultBodyLimit, defaultShutdownTimeoutMs, validateMeaning, validateShape } from './validate.ts';

type Resolved<Section> = { readonly [Key in keyof Section]-?: NonNullable<Section[Key]> };

/** A configuration that was checked and completed. It is a valid configuration itself. */
export interface ResolvedConfig
  extends Resolved<Omit<Config, 'broker' | 'http' | 'deduplication' | 'unhandled' | 'container' | 'handlers'>>,
    Pick<Config, 'container'> {
  readonly handlers: readonly HandlerDefinition[];
  readonly deduplication: Resolved<Omit<DeduplicationConfig, 'store'>> & Pick<DeduplicationConfig, 'store'>;
  readonly broker: Omit<BrokerConfig, ResolvedInBroker> & Resolved<Pick<BrokerConfig, ResolvedInBroker>>;
  readonly unhandled: Resolved<UnhandledConfig>;
  readonly http: Resolved<Omit<HttpConfig, OptionalInHttp>> & Pick<HttpConfig, OptionalInHttp>;
}

type ResolvedInBroker = 'checkDestinations' | 'queue';

type OptionalInHttp = 'idempotencyScopeHeader' | 'adminToken';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Completes a configuration: environment variables override it, defaults fill it.
 *
 * @throws LittoralError `invalid-configuration` with every issue and its path
 */
export function resolveConfig(config: Config, environment: Environment): ResolvedConfig {
  if (!isRecord(config)) throw invalid([`(the configuration): is ${describeValue(config)}, not an object of settings`]);
  const issues: string[] = [];
  const settings = withEnvironment(config, environment, issues);
  issues.push(...validateShape(settings), ...validateMeaning(settings, environment));
  if (issues.length > 0) throw invalid(issues.map((issue) => nameVariable(issue, environment)));
  return withDefaults(settings);
}

const defaultHttpInFlightBytes = 32 * 1024 * 1024;

const variables = {
  service: 'SERVICE_NAME',
  channel: 'CHANNEL',
  logLevel: 'LOG_LEVEL',
  'broker.url': 'AMQP_URL',
  'broker.caFile': 'AMQP_CA_FILE',
  'broker.certFile': 'AMQP_CERT_FILE',
  'broker.keyFile': 'AMQP_KEY_FILE',
  'http.host': 'HOST',
  'http.port': 'PORT',
  'http.adminToken': 'ADMIN_TOKEN',
} as const;

/** Names the environment variable in an issue whose value it set. */
function nameVariable(issue: string, environment: Environment): string {
  for (const [path, variable] of Object.entries(variables)) {
    if (environment[variable] && issue.startsWith(`${path}: `)) return `${variable} (${issue.replace(': ', '): ')}`;
  }
  return issue;
}

function invalid(issues: readonly string[]): LittoralError {
  return new LittoralError('invalid-configuration', `The configuration is not valid:\n- ${issues.join('\n- ')}`);
}

function withEnvironment(config: Config, environment: Environment, issues: string[]): Config {
  const { SERVICE_NAME, HOST, PORT, LOG_LEVEL, CHANNEL, AMQP_CA_FILE, AMQP_CERT_FILE, AMQP_KEY_FILE } = environment;
  const url = secret('AMQP_URL', environment, issues);
  const adminToken = secret('ADMIN_TOKEN', environment, issues);
  const broker = {
    ...(url ? { url, urls: undefined } : {}),
    ...(AMQP_CA_FILE ? { caFile: AMQP_CA_FILE } : {}),
    ...(AMQP_CERT_FILE ? { certFile: AMQP_CERT_FILE } : {}),
    ...(AMQP_KEY_FILE ? { keyFile: AMQP_KEY_FILE } : {}),
  };
  const http = {
    ...(HOST ? { host: HOST } : {}),
    ...(PORT ? { port: portOf(PORT) } : {}),
    ...(adminToken ? { adminToken } : {}),
  };
  return {
    ...config,
    ...(SERVICE_NAME ? { service: SERVICE_NAME } : {}),
    ...(LOG_LEVEL ? { logLevel: LOG_LEVEL } : {}),
    ...(CHANNEL ? { channel: CHANNEL as NonNullable<Config['channel']> } : {}),
    ...(Object.keys(broker).length > 0 ? { broker: mergeSection(config.broker, broker) } : {}),
    ...(Object.keys(http).length > 0 ? { http: mergeSection(config.http, http) } : {}),
  };
}

/** Overrides settings of a section. A section that is no object stays as it is; the schema reports it. */
export function mergeSection<Section extends object>(section: Section | undefined, by: Section): Section {
  return section === undefined || isRecord(section) ? { ...section, ...by } : section;
}

function portOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

const maxSecretBytes = 65_536;

/** Reads a secret from the variable itself, or from the file that the variable with `_FILE` names. */
function secret(name: string, environment: Environment, issues: string[]): string | undefined {
  const file = environment[`${name}_FILE`];
  if (!file) return environment[name];
  if (environment[name]) issues.push(`${name} and ${name}_FILE are both set; keep one of them`);
  if (file.includes('://')) {
    // The value can be the secret itself by mistake, so it must not be quoted as the name of a missing file.
    issues.push(`${name}_FILE: is an address; write that into a file, and the name of the file here`);
    return undefined;
  }
  try {
    const content = readRegularFile(file, maxSecretBytes).trim();
    if (content === '') issues.push(`${name}_FILE: ${file} is empty`);
    return content;
  } catch (error) {
    issues.push(`${name}_FILE: ${errorMessage(error)}`);
    return undefined;
  }
}

function withDefaults(settings: Config): ResolvedConfig {
  const {
    broker = {},
    http = {},
    deduplication = {},
    unhandled = {},
    shutdownTimeoutMs = defaultShutdownTimeoutMs,
  } = settings;
  const bodyLimit = http.bodyLimit ?? defaultBodyLimit;
  return {
    service: settings.service ?? '',
    channel: settings.channel ?? ((broker.urls ?? broker.url) ? 'rabbitmq' : 'in-memory'),
    concurrency: settings.concurrency ?? 10,
    maxDecodedBytes: settings.maxDecodedBytes ?? Math.max(4 * 1024 * 1024, bodyLimit),
    defaultSerializationMediaType: settings.defaultSerializationMediaType ?? 'application/json',
    allowPhpSerialized: settings.allowPhpSerialized ?? false,
    logLevel: settings.logLevel ?? 'info',
    handlerTimeoutMs: settings.handlerTimeoutMs ?? 300_000,
    shutdownTimeoutMs,
    retries: settings.retries ?? {},
    finalFailureStrategy: settings.finalFailureStrategy ?? 'release',
    unhandled: {
      graceMs: unhandled.graceMs ?? 600_000,
      // biome-ignore lint/suspicious/noThenProperty: the name of the setting; its value is a string, which `await` does not call
      then: unhandled.then ?? 'dead-letter',
      commands: unhandled.commands ?? 'auto',
    },
    retiredKeys: settings.retiredKeys ?? [],
    deduplication: {
      enabled: deduplication.enabled ?? true,
      windowMs: deduplication.windowMs ?? 600_000,
      maxEntries: deduplication.maxEntries ?? 100_000,
      store: deduplication.store,
    },
    // Patterns were reported as issues above.
    handlers: (settings.handlers ?? []) as readonly HandlerDefinition[],
    container: settings.container,
    configuration: settings.configuration ?? {},
    converters: settings.converters ?? [],
    types: settings.types ?? {},
    xmlLists: settings.xmlLists ?? 'entry',
    dateFractions: settings.dateFractions ?? 'cut',
    untypedLargeIntegers: settings.untypedLargeIntegers ?? 'refuse',
    broker: {
      ...broker,
      queue: broker.queue ?? serviceQueue(settings.service ?? ''),
      checkDestinations: broker.checkDestinations ?? true,
    },
    routes: settings.routes ?? {},
    http: {
      host: http.host ?? '127.0.0.1',
      port: http.port ?? 3000,
      bodyLimit,
      maxInFlightBytes: http.maxInFlightBytes ?? Math.max(defaultHttpInFlightBytes, bodyLimit),
      minBodyBytesPerSecond: http.minBodyBytesPerSecond ?? 1024,
      maxConnections: http.maxConnections ?? 1000,
      allowedHosts: http.allowedHosts ?? [],
      basePath: (http.basePath ?? '').replace(/\/$/, ''),
      trustProxy: http.trustProxy ?? [],
      forwardHeaders: lowerCaseNames(http.forwardHeaders ?? {}),
      idempotencyScopeHeader: http.idempotencyScopeHeader?.toLowerCase(),
      drainDelayMs: http.drainDelayMs ?? Math.min(1_000, Math.floor(shutdownTimeoutMs / 8)),
      adminToken: http.adminToken,
    },
  };
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([from, to]) => [from.toLowerCase(), to]));
}
