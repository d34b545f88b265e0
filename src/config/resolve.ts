import { errorMessage, LittoralError } from '../errors.ts';
import { readRegularFile } from '../file/regular-file.ts';
import { readSettingFile } from '../file/setting-file.ts';
import type { HandlerDefinition } from '../handler/handler-definition.ts';
import type { CompleteRetries } from '../handler/retries.ts';
import { isRecord } from '../schema/is-record.ts';
import { describeValue } from '../text/describe-value.ts';
import {
  type ApplicationConfig,
  applicationVariables,
  type HealthConfig,
  readApplicationVariables,
} from './application-config.ts';
import { type BrokerConfig, brokerVariables, readBrokerVariables } from './broker-config.ts';
import type { Config } from './config.ts';
import type { DeduplicationConfig } from './deduplication-config.ts';
import { defaults, dependentDefaults, managementDefaults, pullDefaults } from './defaults.ts';
import type { HttpConfig } from './http-config.ts';
import { type ManagementConfig, managementVariables, readManagementVariables } from './management-config.ts';
import type { MetricsConfig } from './metrics-config.ts';
import { readTlsVariables, type TlsConfig, tlsVariables } from './tls-config.ts';
import type { UnhandledConfig } from './unhandled-config.ts';
import { validateMeaning, validateShape } from './validate.ts';

type Resolved<Section> = { readonly [Key in keyof Section]-?: NonNullable<Section[Key]> };

/** The settings of these names stay optional; all others are resolved. */
type ResolvedExcept<Section, Optional extends keyof Section> = Resolved<Omit<Section, Optional>> &
  Pick<Section, Optional>;

type SectionName = 'broker' | 'http' | 'retries' | 'unhandled' | 'deduplication' | 'metrics';

/** A configuration that was checked and completed. It is a valid configuration itself. */
export interface ResolvedConfig
  extends ResolvedExcept<Omit<Config, SectionName | 'application' | 'handlers'>, 'container' | 'auth' | 'limits'> {
  readonly handlers: readonly HandlerDefinition[];
  readonly broker: ResolvedExcept<
    BrokerConfig,
    'url' | 'urls' | 'urlFile' | 'passwordFile' | 'tokenFile' | 'caFile' | 'certFile' | 'keyFile'
  >;
  readonly http: ResolvedExcept<Omit<HttpConfig, 'tls' | 'management'>, 'idempotencyScopeHeader' | 'adminToken'> & {
    readonly tls: ResolvedExcept<TlsConfig, 'caFile'> | undefined;
    readonly management: Resolved<ManagementConfig> | undefined;
  };
  readonly application: ResolvedApplication | undefined;
  readonly retries: CompleteRetries;
  readonly unhandled: Resolved<UnhandledConfig>;
  readonly deduplication: ResolvedExcept<DeduplicationConfig, 'store'>;
  readonly metrics: Resolved<MetricsConfig>;
}

/** The application of a configuration that has one. */
export type ResolvedApplication = ResolvedExcept<
  Omit<ApplicationConfig, 'health'>,
  'commands' | 'events' | 'concurrencyPerPath' | 'cloudEventsSource' | 'secretFile' | 'tokenFile' | 'caFile'
> & { readonly health: Resolved<HealthConfig> | undefined };

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

const variables = {
  service: 'SERVICE_NAME',
  channel: 'CHANNEL',
  logLevel: 'LOG_LEVEL',
  ...brokerVariables,
  ...applicationVariables,
  'http.host': 'HOST',
  'http.port': 'PORT',
  ...tlsVariables,
  ...managementVariables,
  'http.adminToken': 'ADMIN_TOKEN',
  auth: 'AUTH',
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
  const { SERVICE_NAME, HOST, PORT, LOG_LEVEL, CHANNEL, AMQP_URL_FILE } = environment;
  const url = secret('AMQP_URL', environment, issues);
  const adminToken = secret('ADMIN_TOKEN', environment, issues);
  const broker = {
    ...(url ? {} : urlOfFile(config, issues)),
    ...(url ? { url, urls: undefined, urlFile: AMQP_URL_FILE || undefined } : {}),
    ...readBrokerVariables(environment),
  };
  const tls = readTlsVariables(environment);
  const management = readManagementVariables(environment);
  const httpSection = isRecord(config.http) ? (config.http as HttpConfig) : undefined;
  const http = {
    ...(HOST ? { host: HOST } : {}),
    ...(PORT ? { port: portOf(PORT) } : {}),
    ...(adminToken ? { adminToken } : {}),
    ...(Object.keys(management).length > 0 ? { management: mergeSection(httpSection?.management, management) } : {}),
    ...(Object.keys(tls).length > 0 ? { tls: mergeSection(httpSection?.tls, tls) } : {}),
  };
  const application = readApplicationVariables(environment);
  const auth = authOf(config, environment, issues);
  return {
    ...config,
    ...(SERVICE_NAME ? { service: SERVICE_NAME } : {}),
    ...(LOG_LEVEL ? { logLevel: LOG_LEVEL } : {}),
    ...(CHANNEL ? { channel: CHANNEL as NonNullable<Config['channel']> } : {}),
    ...(Object.keys(broker).length > 0 ? { broker: mergeSection(config.broker, broker) } : {}),
    ...(Object.keys(application).length > 0 ? { application: mergeSection(config.application, application) } : {}),
    ...(auth === undefined ? {} : { auth }),
    ...(Object.keys(http).length > 0 ? { http: mergeSection(config.http, http) } : {}),
  };
}

/** Reads the URLs from the file that the configuration names. */
function urlOfFile({ broker }: Config, issues: string[]): BrokerConfig {
  const file = isRecord(broker) ? (broker as BrokerConfig).urlFile : undefined;
  if (typeof file !== 'string' || file === '') return {};
  const url = readSettingFile('broker.urlFile', file, issues)?.trim();
  if (url === '') issues.push(`broker.urlFile: ${file} is empty`);
  return { url, urls: undefined };
}

/** `AUTH=none` cannot disable the `auth` of a configuration. */
function authOf({ auth }: Config, { AUTH }: Environment, issues: string[]): 'none' | undefined {
  if (!AUTH) return undefined;
  if (AUTH !== 'none') issues.push("AUTH: is not 'none', its only value; set auth in the configuration file");
  else if (auth !== undefined && auth !== 'none') issues.push('AUTH: is none, and auth is set; keep one of them');
  else return 'none';
  return undefined;
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

// A gateway without an application has none of its settings.
const { application: _, ...othersThanApplication } = defaults;

function withDefaults(settings: Config): ResolvedConfig {
  const { broker, application, http, retries, unhandled, deduplication, metrics } = settings;
  const dependent = dependentDefaults(settings);
  const filledHttp = filled(http, { ...defaults.http, ...dependent.http });
  return {
    ...filled(settings, { service: '', ...othersThanApplication, ...dependent }),
    // Patterns were reported as issues above.
    handlers: (settings.handlers ?? defaults.handlers) as readonly HandlerDefinition[],
    broker: filled(broker, { ...defaults.broker, ...dependent.broker }),
    http: {
      ...filledHttp,
      basePath: filledHttp.basePath.replace(/\/$/, ''),
      forwardHeaders: lowerCaseNames(filledHttp.forwardHeaders),
      idempotencyScopeHeader: http?.idempotencyScopeHeader?.toLowerCase(),
      management: http?.management && filled(http.management, { ...managementDefaults, port: 0 }),
      tls: http?.tls && filled(http.tls, { certFile: '', keyFile: '', clientCertificates: 'none' }),
    },
    application: application && filledApplication(application),
    retries: {
      ...filled(retries, defaults.retries),
      instant: filled(retries?.instant, defaults.retries.instant),
    },
    unhandled: filled(unhandled, defaults.unhandled),
    deduplication: filled(deduplication, defaults.deduplication),
    metrics: filled(metrics, defaults.metrics),
  };
}

/** Completes a section. A setting may be written as undefined. */
function filled<Section extends object, Name extends keyof Section>(
  section: Section | undefined,
  fill: Pick<Section, Name>,
): Section & Resolved<Pick<Section, Name>> {
  const given = Object.entries(section ?? {}).filter(([, value]) => value !== undefined);
  return { ...fill, ...Object.fromEntries(given) } as Section & Resolved<Pick<Section, Name>>;
}

function filledApplication(application: ApplicationConfig): ResolvedApplication {
  const { url = '', pull, health } = application;
  const { health: healthDefaults, ...rest } = defaults.application;
  const holdMs = pull === true ? pullDefaults.holdMs : rest.holdMs;
  return { ...filled(application, { ...rest, holdMs }), url, health: health && filled(health, healthDefaults) };
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([from, to]) => [from.toLowerCase(), to]));
}
