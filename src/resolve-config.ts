import { readFileSync } from 'node:fs';
import { type BrokerConfig, type Config, type HttpConfig, Settings } from './config.ts';
import { parseMediaType } from './conversion/media-type.ts';
import { compileSchema } from './conversion/schema-check.ts';
import { LittoralError, messageOf } from './errors.ts';
import { faultOfKey } from './handler/routing-key.ts';
import { isReservedHeader } from './message/reserved-headers.ts';

type Resolved<Section> = { readonly [Key in keyof Section]-?: NonNullable<Section[Key]> };

/** A configuration that was checked and completed. */
export interface ResolvedConfig extends Resolved<Omit<Config, 'broker' | 'http'>> {
  readonly broker: Omit<BrokerConfig, 'checkDestinations'> & { readonly checkDestinations: boolean };
  readonly http: Resolved<Omit<HttpConfig, 'idempotencyScopeHeader'>> & Pick<HttpConfig, 'idempotencyScopeHeader'>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Completes a configuration: environment variables override it, defaults fill it.
 *
 * @throws LittoralError `invalid-configuration` with every fault and its path
 */
export function resolveConfig(config: Config, environment: Environment): ResolvedConfig {
  const faults: string[] = [];
  const settings = withEnvironment(config, environment, faults);
  faults.push(...schemaFaults(settings));
  // What follows reads values of the right kind only.
  if (faults.length === 0) faults.push(...meaningFaults(settings, environment));
  if (faults.length > 0) {
    throw new LittoralError('invalid-configuration', `The configuration is not valid:\n- ${faults.join('\n- ')}`);
  }
  return withDefaults(settings);
}

function withEnvironment(config: Config, environment: Environment, faults: string[]): Config {
  const { SERVICE_NAME, HOST, PORT, LOG_LEVEL, CHANNEL } = environment;
  const url = secret('AMQP_URL', environment, faults);
  return {
    ...config,
    ...(SERVICE_NAME ? { service: SERVICE_NAME } : {}),
    ...(LOG_LEVEL ? { logLevel: LOG_LEVEL } : {}),
    ...(CHANNEL ? { channel: CHANNEL as NonNullable<Config['channel']> } : {}),
    ...(url ? { broker: { ...config.broker, url } } : {}),
    ...(HOST || PORT
      ? { http: { ...config.http, ...(HOST ? { host: HOST } : {}), ...(PORT ? { port: Number(PORT) } : {}) } }
      : {}),
  };
}

/** A secret stands in the variable itself, or in the file that the variable with `_FILE` names. */
function secret(name: string, environment: Environment, faults: string[]): string | undefined {
  const file = environment[`${name}_FILE`];
  if (!file) return environment[name];
  if (environment[name]) faults.push(`${name} and ${name}_FILE are both set; keep one of them`);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    faults.push(`${name}_FILE: ${messageOf(error)}`);
    return undefined;
  }
}

function schemaFaults(settings: Config): string[] {
  if (typeof settings.service !== 'string') {
    const rest = schemaFaults({ ...settings, service: 'service' });
    return ["service: is missing; set it in the configuration file or as SERVICE_NAME, such as 'billing'", ...rest];
  }
  const all = compileSchema(Settings).faults(withoutUndefined(settings));
  // An unknown key is told twice, by its own path and by its parent's; a failed choice by each branch and as a whole.
  const told = all.filter(({ message }) => message !== 'must not have additional properties');
  const byPath = new Map(told.map(({ path, message }) => [path, message]));
  return [...byPath].map(
    ([path, message]) => `${dotted(path)}: ${message === 'schema is false' ? 'is not a setting' : message}`,
  );
}

function dotted(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~') || '(the configuration)';
}

/** An optional setting may be written as undefined. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, key === 'handlers' ? inner : withoutUndefined(inner)]));
}

function meaningFaults(settings: Config, environment: Environment): string[] {
  const faults: string[] = [];
  const { service = '', broker, http, channel } = settings;
  const keyFault = faultOfKey(service) ?? (Buffer.byteLength(service) > 200 ? 'is longer than 200 bytes' : undefined);
  if (keyFault) faults.push(`service: ${keyFault}`);
  const hasUrl = Boolean(broker?.url);
  if (channel === 'rabbitmq' && !hasUrl) faults.push('broker.url: is missing; set it or AMQP_URL');
  if (!hasUrl && channel === undefined && environment.NODE_ENV === 'production') {
    faults.push(
      'broker.url: is missing; set it or AMQP_URL. With NODE_ENV=production the in-memory channel, which keeps nothing, must be asked for by CHANNEL=in-memory',
    );
  }
  if (broker?.caFile) faults.push(...fileFaults('broker.caFile', broker.caFile));
  const mediaType = settings.defaultSerializationMediaType;
  if (mediaType !== undefined && !parseMediaType(mediaType)) {
    faults.push('defaultSerializationMediaType: is not a media type, such as application/json');
  }
  const maxMessageBytes = broker?.maxMessageBytes ?? defaults.maxMessageBytes;
  if ((http?.bodyLimit ?? 0) > maxMessageBytes) {
    faults.push(`http.bodyLimit: is larger than broker.maxMessageBytes (${maxMessageBytes})`);
  }
  for (const [from, to] of Object.entries(http?.forwardHeaders ?? {})) {
    if (isReservedHeader(to)) faults.push(`http.forwardHeaders.${from}: the message header '${to}' is reserved`);
  }
  return faults;
}

function fileFaults(path: string, file: string): string[] {
  try {
    readFileSync(file);
    return [];
  } catch (error) {
    return [`${path}: ${messageOf(error)}`];
  }
}

const defaults = { maxMessageBytes: 16 * 1024 * 1024, bodyLimit: 1024 * 1024 };

function withDefaults(settings: Config): ResolvedConfig {
  const { broker = {}, http = {} } = settings;
  return {
    service: settings.service ?? '',
    channel: settings.channel ?? (broker.url ? 'rabbitmq' : 'in-memory'),
    concurrency: settings.concurrency ?? 10,
    defaultSerializationMediaType: settings.defaultSerializationMediaType ?? 'application/json',
    logLevel: settings.logLevel ?? 'info',
    shutdownTimeoutMs: settings.shutdownTimeoutMs ?? 10_000,
    handlers: settings.handlers ?? [],
    converters: settings.converters ?? [],
    broker: { ...broker, checkDestinations: broker.checkDestinations ?? true },
    http: {
      host: http.host ?? '127.0.0.1',
      port: http.port ?? 3000,
      bodyLimit: http.bodyLimit ?? defaults.bodyLimit,
      allowedHosts: http.allowedHosts ?? [],
      forwardHeaders: lowerCaseNames(http.forwardHeaders ?? {}),
      idempotencyScopeHeader: http.idempotencyScopeHeader?.toLowerCase(),
    },
  };
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([from, to]) => [from.toLowerCase(), to]));
}
