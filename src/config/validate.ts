import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { validateOwnQueue, validateRoutes } from '../bus/validate-routes.ts';
import { isSendableMediaType } from '../conversion/sendable-media-type.ts';
import { validateConverter, validateType } from '../conversion/validate-type.ts';
import type { DeduplicationStore } from '../deduplication/deduplication-store.ts';
import { validateAmqpUrls } from '../engine/amqp/connection/amqp-urls.ts';
import { validateTlsFiles } from '../engine/amqp/connection/tls-files.ts';
import { validateRetiredKeys } from '../handler/retired-keys.ts';
import { validateErrorKinds } from '../handler/retries.ts';
import { validateProxy } from '../http/proxy-settings.ts';
import { maxShortStringBytes } from '../message/limits.ts';
import { isReservedHeader } from '../message/reserved-headers.ts';
import { validateKey } from '../message/routing-key.ts';
import { isRecord } from '../schema/is-record.ts';
import { compileSchema } from '../schema/schema-check.ts';
import { validateSettings } from '../schema/validate-settings.ts';
import { describeValue } from '../text/describe-value.ts';
import { ownerOfDeadLetters } from '../wire/service-queue.ts';
import { type Config, RoutesSettings, Settings } from './config.ts';

/** The maximum size of a message, unless the configuration has another. */
const defaultMaxMessageBytes = 16 * 1024 * 1024;

export const defaultBodyLimit = 1024 * 1024;

export const defaultShutdownTimeoutMs = 8_000;

/** Returns the issues that the schema finds in settings, each with its path. */
export function validateShape(settings: Config): string[] {
  if (settings.service === undefined) {
    const rest = validateShape({ ...settings, service: 'service' });
    return ["service: is missing; set it in the configuration file or as SERVICE_NAME, such as 'billing'", ...rest];
  }
  const issues = validateSettings(compileSchema(Settings), withoutUndefined(settings));
  return issues.map(({ path, message }) => `${path || '(the configuration)'}: ${message}`);
}

/** Removes settings that are undefined, because an optional setting may be written so. */
function withoutUndefined(value: unknown, depth = 3): unknown {
  if (!isRecord(value) || depth === 0) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutUndefined(inner, depth - 1)]));
}

/** Validates what the schema cannot express. It ignores values of a wrong type, which the schema reports. */
export function validateMeaning(settings: Config, environment: Readonly<Record<string, string | undefined>>): string[] {
  const issues: string[] = [];
  const { service, broker, http, channel, converters, types, container } = settings;
  const serviceIssue = typeof service === 'string' ? validateService(service) : undefined;
  if (serviceIssue) issues.push(`service: ${serviceIssue}`);
  const hasUrl = Boolean(broker?.url ?? broker?.urls);
  if (channel === 'rabbitmq' && !hasUrl) issues.push('broker.url: is missing; set it or AMQP_URL');
  if (!hasUrl && channel === undefined && environment.NODE_ENV === 'production') {
    issues.push(
      'broker.url: is missing; set it or AMQP_URL. With NODE_ENV=production the in-memory channel, which keeps nothing, must be asked for by CHANNEL=in-memory',
    );
  }
  if (isRecord(broker)) issues.push(...validateBroker(broker));
  if (typeof broker?.queue === 'string') {
    const queueIssue = validateOwnQueue(broker.queue, typeof service === 'string' ? service : '');
    if (queueIssue) issues.push(`broker.queue: ${queueIssue}`);
  }
  if (settings.routes !== undefined && isRoutes(settings.routes)) issues.push(...validateRoutes(settings.routes));
  const mediaType = settings.defaultSerializationMediaType;
  if (typeof mediaType === 'string' && !isSendableMediaType(mediaType)) {
    issues.push('defaultSerializationMediaType: is not a media type to send, such as application/json');
  }
  const maxMessageBytes = broker?.maxMessageBytes ?? defaultMaxMessageBytes;
  const bodyLimit = http?.bodyLimit;
  if (typeof bodyLimit === 'number' && typeof maxMessageBytes === 'number' && bodyLimit > maxMessageBytes) {
    issues.push(`http.bodyLimit: is larger than broker.maxMessageBytes (${maxMessageBytes})`);
  }
  const { maxInFlightBytes } = http ?? {};
  if (typeof maxInFlightBytes === 'number' && maxInFlightBytes < Number(bodyLimit ?? defaultBodyLimit)) {
    issues.push(
      `http.maxInFlightBytes: is less than http.bodyLimit (${bodyLimit ?? defaultBodyLimit}), so a body could never fit`,
    );
  }
  const shutdownTimeoutMs = settings.shutdownTimeoutMs ?? defaultShutdownTimeoutMs;
  const drainDelayMs = http?.drainDelayMs;
  const areTimes = typeof drainDelayMs === 'number' && typeof shutdownTimeoutMs === 'number';
  if (areTimes && drainDelayMs > 0 && drainDelayMs >= shutdownTimeoutMs) {
    issues.push(`http.drainDelayMs: leaves no time of shutdownTimeoutMs (${shutdownTimeoutMs})`);
  }
  if (typeof http?.adminToken === 'string' && !/^[!-~]{16,}$/.test(http.adminToken)) {
    issues.push('http.adminToken: has fewer than 16 characters, or others than visible ASCII');
  }
  if (isRecord(http?.forwardHeaders)) issues.push(...validateForwardedHeaders(http.forwardHeaders));
  const hostIssue = typeof http?.host === 'string' && http.host !== '' ? validateHost(http.host) : undefined;
  if (hostIssue) issues.push(`http.host: ${hostIssue}`);
  if (Array.isArray(http?.allowedHosts)) issues.push(...validateAllowedHosts(http.allowedHosts));
  if (isRecord(http)) issues.push(...validateProxy(http));
  issues.push(...validateDeduplication(settings.deduplication));
  if (container !== undefined && typeof container !== 'function') {
    issues.push(`container: is ${describeValue(container)}; give a function that registers services in the container`);
  }
  if (isRecord(settings.retries))
    issues.push(...validateErrorKinds(settings.retries).map((issue) => `retries.${issue}`));
  if (Array.isArray(converters)) issues.push(...validateConverters(converters));
  if (isRecord(types)) issues.push(...validateTypes(types));
  issues.push(...validateHandlers(settings.handlers));
  issues.push(...validateRetiredKeys(settings.retiredKeys, settings.handlers, service));
  return issues;
}

/** Checks the form of routes. The schema reports routes of another form. */
const { check: isRoutes } = compileSchema(RoutesSettings);

function validateService(service: string): string | undefined {
  const owner = ownerOfDeadLetters(service);
  if (owner !== undefined) {
    return `its queue would be that of the dead letters of a service '${owner}'. Choose another name`;
  }
  return validateKey(service) ?? (Buffer.byteLength(service) > 200 ? 'is longer than 200 bytes' : undefined);
}

/** Validates the addresses of the broker and the settings of its connection. */
function validateBroker(broker: NonNullable<Config['broker']>): string[] {
  const { url, urls } = broker;
  const issues = validateUrls(broker);
  const [first] = Array.isArray(urls) ? urls : [url];
  const hasUrl = typeof first === 'string' && first !== '';
  const names = (['caFile', 'certFile', 'keyFile'] as const).filter((name) => broker[name] !== undefined);
  const isTls = hasUrl && /^\s*amqps:/i.test(first);
  if (hasUrl && !isTls) {
    issues.push(...names.map((name) => `broker.${name}: is for amqps://, and broker.url says otherwise`));
  }
  const isText = names.every((name) => typeof broker[name] === 'string' && broker[name] !== '');
  return isText ? [...issues, ...validateTlsFiles(broker)] : issues;
}

function validateUrls({ url, urls }: NonNullable<Config['broker']>): string[] {
  if (url && urls !== undefined) return ['broker.urls: broker.url is set as well; keep one of them'];
  if (Array.isArray(urls) && urls.every((text) => typeof text === 'string')) {
    return validateAmqpUrls(urls).map((issue) => `broker.urls: ${issue}`);
  }
  return typeof url === 'string' && url !== '' ? validateAmqpUrls(url).map((issue) => `broker.url: ${issue}`) : [];
}

function validateForwardedHeaders(headers: Readonly<Record<string, unknown>>): string[] {
  const issues: string[] = [];
  const names = new Set<string>();
  for (const [from, to] of Object.entries(headers)) {
    const path = `http.forwardHeaders.${from}`;
    const name = from.toLowerCase();
    if (names.has(name)) issues.push(`${path}: is named twice, in upper and in lower case`);
    names.add(name);
    if (typeof to !== 'string') continue;
    if (isReservedHeader(to)) issues.push(`${path}: the message header '${to}' is reserved`);
    else if (Buffer.byteLength(to) > maxShortStringBytes)
      issues.push(`${path}: is longer than ${maxShortStringBytes} bytes`);
  }
  return issues;
}

/**
 * Returns the issue of `http.host`, as a clause that does not quote it, because it can be a secret by mistake.
 */
function validateHost(host: string): string | undefined {
  if (isIP(host) !== 0) return undefined;
  if (/^\[.*\]$/.test(host)) return 'has brackets; an IPv6 address stands here without them, such as ::1';
  if (host === '*') return 'is *; write 0.0.0.0 for all addresses of IPv4, and :: for all of IPv6';
  if (host.includes('/')) return 'has a scheme or a path; write the address or the name alone';
  if (/:\d*$/.test(host)) return 'has a port; write the address or the name alone, and the port as PORT (http.port)';
  return /^[^\s:@[\]]+$/.test(host) && domainToASCII(host) !== '' ? undefined : 'is neither an address nor a name';
}

function validateAllowedHosts(names: readonly unknown[]): string[] {
  return names.flatMap((name, index) => {
    if (typeof name !== 'string' || !/[:/]/.test(name) || isIP(name) !== 0) return [];
    return [`http.allowedHosts.${index}: is not a host name without port`];
  });
}

function validateDeduplication(deduplication: Config['deduplication']): string[] {
  if (!isRecord(deduplication) || deduplication.store === undefined) return [];
  const { has, record } = Object(deduplication.store) as Partial<DeduplicationStore>;
  const issues =
    typeof has === 'function' && typeof record === 'function'
      ? []
      : [
          `deduplication.store: is ${describeValue(deduplication.store)}; give an object with the methods has and record`,
        ];
  const inProcess = (['windowMs', 'maxEntries'] as const).filter((name) => deduplication[name] !== undefined);
  return [
    ...issues,
    ...inProcess.map(
      (name) => `deduplication.${name}: is for the memory of this process; deduplication.store has its own`,
    ),
  ];
}

function validateConverters(converters: readonly unknown[]): string[] {
  return converters.flatMap((converter, index) => {
    const issue = validateConverter(converter);
    return issue ? [`converters.${index}: ${issue}`] : [];
  });
}

function validateTypes(types: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(types).flatMap(([name, type]) => {
    const issue = validateType(type);
    return issue ? [`types.${name}: ${issue}`] : [];
  });
}

/** Validates the patterns in the list of handlers. The registry of handlers validates its other entries. */
function validateHandlers(handlers: unknown): string[] {
  if (handlers === undefined) return [];
  const list = typeof handlers === 'string' ? [handlers] : handlers;
  if (!Array.isArray(list)) return [`handlers: is ${describeValue(handlers)}, not a list or a pattern of files`];
  const pattern = list.find((handler) => typeof handler === 'string');
  if (pattern === undefined) return [];
  return [
    `handlers: '${pattern}' stands for files, which are found by loadHandlers: createGateway({ …config, handlers: await loadHandlers(config.handlers, { baseUrl: import.meta.url }) })`,
  ];
}
