import type { Static } from 'typebox';
import { validateRetiredKeys } from '../handler/retired-keys.ts';
import { validateErrorKinds } from '../handler/retries.ts';
import { validateKey } from '../message/routing-key.ts';
import { isRecord } from '../schema/is-record.ts';
import { compileSchema, type SchemaCheck } from '../schema/schema-check.ts';
import { validateSettings } from '../schema/validate-settings.ts';
import { describeValue } from '../text/describe-value.ts';
import { ownerOfDeadLetters } from '../wire/service-queue.ts';
import { validateApplication } from './application-config.ts';
import { validateAuth } from './auth-config.ts';
import { validateBroker } from './broker-config.ts';
import { type Config, ConfigSchema } from './config.ts';
import { validateConversion } from './conversion-config.ts';
import { validateDeduplication } from './deduplication-config.ts';
import { defaults } from './defaults.ts';
import { validateHttp } from './http-config.ts';
import { validateRateLimits } from './limits-config.ts';
import { validateMetrics } from './metrics-config.ts';
import { validateRoutesConfig } from './routes-config.ts';

let compiled: SchemaCheck<Static<typeof ConfigSchema>> | undefined;

/** Returns the issues that the schema finds in settings, each with its path. */
export function validateShape(settings: Config): string[] {
  if (settings.service === undefined) {
    const rest = validateShape({ ...settings, service: 'service' });
    return ["service: is missing; set it in the configuration file or as SERVICE_NAME, such as 'billing'", ...rest];
  }
  compiled ??= compileSchema(ConfigSchema);
  const { auth } = settings;
  const checked = auth === 'none' ? { ...settings, auth: undefined } : settings;
  const issues = validateSettings(compiled, withoutUndefined(checked));
  return issues.map(({ path, message }) => `${path || '(the configuration)'}: ${message}`);
}

/** Removes settings that are undefined, because an optional setting may be written so. */
function withoutUndefined(value: unknown, depth = 4): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutUndefined(item, depth - 1));
  if (!isRecord(value) || depth === 0) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutUndefined(inner, depth - 1)]));
}

/** Validates what the schema cannot express. It ignores values of a wrong type, which the schema reports. */
export function validateMeaning(settings: Config, environment: Readonly<Record<string, string | undefined>>): string[] {
  const { service, container, retries, handlers } = settings;
  const issues: string[] = [];
  const serviceIssue = typeof service === 'string' ? validateService(service) : undefined;
  if (serviceIssue) issues.push(`service: ${serviceIssue}`);
  issues.push(...validateChannel(settings, environment.NODE_ENV === 'production'));
  if (isRecord(settings.broker)) issues.push(...validateBroker(settings.broker, service));
  if (settings.routes !== undefined) issues.push(...validateRoutesConfig(settings.routes));
  issues.push(...validateLimits(settings));
  if (isRecord(settings.http)) issues.push(...validateHttp(settings.http));
  if (isRecord(settings.metrics)) issues.push(...validateMetrics(settings.metrics));
  issues.push(...validateAuth(settings.auth, settings.http), ...validateRateLimits(settings.limits));
  if (isRecord(settings.deduplication)) issues.push(...validateDeduplication(settings.deduplication));
  if (container !== undefined && typeof container !== 'function') {
    issues.push(`container: is ${describeValue(container)}; give a function that registers services in the container`);
  }
  if (isRecord(retries)) issues.push(...validateErrorKinds(retries).map((issue) => `retries.${issue}`));
  issues.push(...validateApplication(settings.application, defaults.application));
  issues.push(...validateConversion(settings), ...validateHandlers(handlers));
  return [...issues, ...validateRetiredKeys(settings.retiredKeys, handlers, service)];
}

function validateService(service: string): string | undefined {
  const owner = ownerOfDeadLetters(service);
  if (owner !== undefined) {
    return `its queue would be that of the dead letters of a service '${owner}'. Choose another name`;
  }
  return validateKey(service) ?? (Buffer.byteLength(service) > 200 ? 'is longer than 200 bytes' : undefined);
}

/** Validates that a broker is named where one is needed. */
function validateChannel({ channel, broker }: Config, isProduction: boolean): string[] {
  if (broker?.url ?? broker?.urls) return [];
  if (channel === 'rabbitmq') return ['broker.url: is missing; set it or AMQP_URL'];
  if (channel !== undefined || !isProduction) return [];
  return [
    'broker.url: is missing; set it or AMQP_URL. With NODE_ENV=production the in-memory channel, which keeps nothing, must be asked for by CHANNEL=in-memory',
  ];
}

/** Validates limits of one section that depend on those of another. */
function validateLimits({ broker, http, shutdownTimeoutMs = defaults.shutdownTimeoutMs }: Config): string[] {
  const { bodyLimit, batchBodyLimit, maxInFlightBytes, drainDelayMs } = http ?? {};
  const maxMessageBytes = broker?.maxMessageBytes ?? defaults.broker.maxMessageBytes;
  const issues: string[] = [];
  if (typeof bodyLimit === 'number' && typeof maxMessageBytes === 'number' && bodyLimit > maxMessageBytes) {
    issues.push(`http.bodyLimit: is larger than broker.maxMessageBytes (${maxMessageBytes})`);
  }
  const largestBody = bodyLimit ?? defaults.http.bodyLimit;
  if (typeof maxInFlightBytes === 'number' && maxInFlightBytes < Number(largestBody)) {
    issues.push(`http.maxInFlightBytes: is less than http.bodyLimit (${largestBody}), so a body could never fit`);
  }
  const hasBatchLimit = typeof maxInFlightBytes === 'number' && typeof batchBodyLimit === 'number';
  if (hasBatchLimit && maxInFlightBytes < batchBodyLimit) {
    issues.push(
      `http.maxInFlightBytes: is less than http.batchBodyLimit (${batchBodyLimit}), so a batch could never fit`,
    );
  }
  const areTimes = typeof drainDelayMs === 'number' && typeof shutdownTimeoutMs === 'number';
  if (areTimes && drainDelayMs > 0 && drainDelayMs >= shutdownTimeoutMs) {
    issues.push(
      `http.drainDelayMs: is not less than shutdownTimeoutMs (${shutdownTimeoutMs}), so no time is left to finish`,
    );
  }
  return issues;
}

/** Validates the patterns in the list of handlers. The registry of handlers validates its other entries. */
function validateHandlers(handlers: unknown): string[] {
  if (handlers === undefined) return [];
  const list = typeof handlers === 'string' ? [handlers] : handlers;
  if (!Array.isArray(list)) return [`handlers: is ${describeValue(handlers)}, not a list or a pattern of files`];
  const pattern = list.find((handler) => typeof handler === 'string');
  if (pattern === undefined) return [];
  return [
    `handlers: '${pattern}' is a pattern of files, which only loadHandlers can load; write createGateway({ …config, handlers: await loadHandlers(config.handlers, { baseUrl: import.meta.url }) })`,
  ];
}
