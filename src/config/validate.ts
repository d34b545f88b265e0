import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { faultOfOwnQueue, routeFaults } from '../bus/route-faults.ts';
import { faultOfConverter, faultOfType } from '../conversion/fault-of-type.ts';
import { isSendableMediaType } from '../conversion/sendable-media-type.ts';
import type { DeduplicationStore } from '../deduplication/deduplication-store.ts';
import { amqpUrlsFaults } from '../engine/amqp/connection/amqp-urls.ts';
import { tlsFileFaults } from '../engine/amqp/connection/tls-files.ts';
import { faultsOfRetiredKeys } from '../handler/retired-keys.ts';
import { faultsOfErrorKinds } from '../handler/retries.ts';
import { proxyFaults } from '../http/proxy-settings.ts';
import { isReservedHeader } from '../message/reserved-headers.ts';
import { faultOfKey } from '../message/routing-key.ts';
import { isRecord } from '../schema/is-record.ts';
import { compileSchema } from '../schema/schema-check.ts';
import { settingFaults } from '../schema/setting-faults.ts';
import { describeValue } from '../text/describe-value.ts';
import { ownerOfDeadLetters } from '../wire/service-queue.ts';
import { type Config, RoutesSettings, Settings } from './config.ts';

/** What the channel takes where the configuration says nothing. */
const defaultMaxMessageBytes = 16 * 1024 * 1024;

export const defaultBodyLimit = 1024 * 1024;

export const defaultShutdownTimeoutMs = 8_000;

/** What the schema says against settings, each with its path. */
export function schemaFaults(settings: Config): string[] {
  if (settings.service === undefined) {
    const rest = schemaFaults({ ...settings, service: 'service' });
    return ["service: is missing; set it in the configuration file or as SERVICE_NAME, such as 'billing'", ...rest];
  }
  const faults = settingFaults(compileSchema(Settings), withoutUndefined(settings));
  return faults.map(({ path, message }) => `${path || '(the configuration)'}: ${message}`);
}

/** An optional setting may be written as undefined. */
function withoutUndefined(value: unknown, depth = 3): unknown {
  if (!isRecord(value) || depth === 0) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutUndefined(inner, depth - 1)]));
}

/** What the schema cannot say, of values of the right kind: it tells of the others itself. */
export function meaningFaults(settings: Config, environment: Readonly<Record<string, string | undefined>>): string[] {
  const faults: string[] = [];
  const { service, broker, http, channel, converters, types, container } = settings;
  const serviceFault = typeof service === 'string' ? faultOfService(service) : undefined;
  if (serviceFault) faults.push(`service: ${serviceFault}`);
  const hasUrl = Boolean(broker?.url ?? broker?.urls);
  if (channel === 'rabbitmq' && !hasUrl) faults.push('broker.url: is missing; set it or AMQP_URL');
  if (!hasUrl && channel === undefined && environment.NODE_ENV === 'production') {
    faults.push(
      'broker.url: is missing; set it or AMQP_URL. With NODE_ENV=production the in-memory channel, which keeps nothing, must be asked for by CHANNEL=in-memory',
    );
  }
  if (isRecord(broker)) faults.push(...brokerFaults(broker));
  if (typeof broker?.queue === 'string') {
    const queueFault = faultOfOwnQueue(broker.queue, typeof service === 'string' ? service : '');
    if (queueFault) faults.push(`broker.queue: ${queueFault}`);
  }
  if (settings.routes !== undefined && isRoutes(settings.routes)) faults.push(...routeFaults(settings.routes));
  const mediaType = settings.defaultSerializationMediaType;
  if (typeof mediaType === 'string' && !isSendableMediaType(mediaType)) {
    faults.push('defaultSerializationMediaType: is not a media type to send, such as application/json');
  }
  const maxMessageBytes = broker?.maxMessageBytes ?? defaultMaxMessageBytes;
  const bodyLimit = http?.bodyLimit;
  if (typeof bodyLimit === 'number' && typeof maxMessageBytes === 'number' && bodyLimit > maxMessageBytes) {
    faults.push(`http.bodyLimit: is larger than broker.maxMessageBytes (${maxMessageBytes})`);
  }
  const { maxInFlightBytes } = http ?? {};
  if (typeof maxInFlightBytes === 'number' && maxInFlightBytes < Number(bodyLimit ?? defaultBodyLimit)) {
    faults.push(
      `http.maxInFlightBytes: is less than http.bodyLimit (${bodyLimit ?? defaultBodyLimit}), so a body could never fit`,
    );
  }
  const shutdownTimeoutMs = settings.shutdownTimeoutMs ?? defaultShutdownTimeoutMs;
  const drainDelayMs = http?.drainDelayMs;
  const areTimes = typeof drainDelayMs === 'number' && typeof shutdownTimeoutMs === 'number';
  if (areTimes && drainDelayMs > 0 && drainDelayMs >= shutdownTimeoutMs) {
    faults.push(`http.drainDelayMs: leaves no time of shutdownTimeoutMs (${shutdownTimeoutMs})`);
  }
  if (typeof http?.adminToken === 'string' && !/^[!-~]{16,}$/.test(http.adminToken)) {
    faults.push('http.adminToken: has fewer than 16 characters, or others than visible ASCII');
  }
  if (isRecord(http?.forwardHeaders)) faults.push(...forwardingFaults(http.forwardHeaders));
  const hostFault = typeof http?.host === 'string' && http.host !== '' ? faultOfHost(http.host) : undefined;
  if (hostFault) faults.push(`http.host: ${hostFault}`);
  if (Array.isArray(http?.allowedHosts)) faults.push(...hostFaults(http.allowedHosts));
  if (isRecord(http)) faults.push(...proxyFaults(http));
  faults.push(...deduplicationFaults(settings.deduplication));
  if (container !== undefined && typeof container !== 'function') {
    faults.push(`container: is ${describeValue(container)}; give a function that registers services in the container`);
  }
  if (isRecord(settings.retries))
    faults.push(...faultsOfErrorKinds(settings.retries).map((fault) => `retries.${fault}`));
  if (Array.isArray(converters)) faults.push(...converterFaults(converters));
  if (isRecord(types)) faults.push(...typeFaults(types));
  faults.push(...handlersFaults(settings.handlers));
  faults.push(...faultsOfRetiredKeys(settings.retiredKeys, settings.handlers, service));
  return faults;
}

/** A check of the form of routes: the schema reports routes of another form. */
const { check: isRoutes } = compileSchema(RoutesSettings);

function faultOfService(service: string): string | undefined {
  const owner = ownerOfDeadLetters(service);
  if (owner !== undefined) {
    return `its queue would be that of the dead letters of a service '${owner}'. Choose another name`;
  }
  return faultOfKey(service) ?? (Buffer.byteLength(service) > 200 ? 'is longer than 200 bytes' : undefined);
}

/** What is wrong with where the broker is and how it is reached. */
function brokerFaults(broker: NonNullable<Config['broker']>): string[] {
  const { url, urls } = broker;
  const faults = urlFaults(broker);
  const [first] = Array.isArray(urls) ? urls : [url];
  const hasUrl = typeof first === 'string' && first !== '';
  const names = (['caFile', 'certFile', 'keyFile'] as const).filter((name) => broker[name] !== undefined);
  const isTls = hasUrl && /^\s*amqps:/i.test(first);
  if (hasUrl && !isTls) {
    faults.push(...names.map((name) => `broker.${name}: is for amqps://, and broker.url says otherwise`));
  }
  const isText = names.every((name) => typeof broker[name] === 'string' && broker[name] !== '');
  return isText ? [...faults, ...tlsFileFaults(broker)] : faults;
}

function urlFaults({ url, urls }: NonNullable<Config['broker']>): string[] {
  if (url && urls !== undefined) return ['broker.urls: broker.url is set as well; keep one of them'];
  if (Array.isArray(urls) && urls.every((text) => typeof text === 'string')) {
    return amqpUrlsFaults(urls).map((fault) => `broker.urls: ${fault}`);
  }
  return typeof url === 'string' && url !== '' ? amqpUrlsFaults(url).map((fault) => `broker.url: ${fault}`) : [];
}

function forwardingFaults(headers: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  const names = new Set<string>();
  for (const [from, to] of Object.entries(headers)) {
    const path = `http.forwardHeaders.${from}`;
    const name = from.toLowerCase();
    if (names.has(name)) faults.push(`${path}: is named twice, in upper and in lower case`);
    names.add(name);
    if (typeof to !== 'string') continue;
    if (isReservedHeader(to)) faults.push(`${path}: the message header '${to}' is reserved`);
    else if (Buffer.byteLength(to) > 255) faults.push(`${path}: is longer than 255 bytes`);
  }
  return faults;
}

/**
 * Returns what is wrong with `http.host`, as a clause that does not quote it: put there by mistake, it can be a secret.
 */
function faultOfHost(host: string): string | undefined {
  if (isIP(host) !== 0) return undefined;
  if (/^\[.*\]$/.test(host)) return 'has brackets; an IPv6 address stands here without them, such as ::1';
  if (host === '*') return 'is *; write 0.0.0.0 for all addresses of IPv4, and :: for all of IPv6';
  if (host.includes('/')) return 'has a scheme or a path; write the address or the name alone';
  if (/:\d*$/.test(host)) return 'has a port; write the address or the name alone, and the port as PORT (http.port)';
  return /^[^\s:@[\]]+$/.test(host) && domainToASCII(host) !== '' ? undefined : 'is neither an address nor a name';
}

function hostFaults(names: readonly unknown[]): string[] {
  return names.flatMap((name, index) => {
    if (typeof name !== 'string' || !/[:/]/.test(name) || isIP(name) !== 0) return [];
    return [`http.allowedHosts.${index}: is not a host name without port`];
  });
}

function deduplicationFaults(deduplication: Config['deduplication']): string[] {
  if (!isRecord(deduplication) || deduplication.store === undefined) return [];
  const { has, record } = Object(deduplication.store) as Partial<DeduplicationStore>;
  const faults =
    typeof has === 'function' && typeof record === 'function'
      ? []
      : [
          `deduplication.store: is ${describeValue(deduplication.store)}; give an object with the methods has and record`,
        ];
  const inProcess = (['windowMs', 'maxEntries'] as const).filter((name) => deduplication[name] !== undefined);
  return [
    ...faults,
    ...inProcess.map(
      (name) => `deduplication.${name}: is for the memory of this process; deduplication.store has its own`,
    ),
  ];
}

function converterFaults(converters: readonly unknown[]): string[] {
  return converters.flatMap((converter, index) => {
    const fault = faultOfConverter(converter);
    return fault ? [`converters.${index}: ${fault}`] : [];
  });
}

function typeFaults(types: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(types).flatMap(([name, type]) => {
    const fault = faultOfType(type);
    return fault ? [`types.${name}: ${fault}`] : [];
  });
}

/** What the list holds beside patterns, the registry of handlers tells. */
function handlersFaults(handlers: unknown): string[] {
  if (handlers === undefined) return [];
  const list = typeof handlers === 'string' ? [handlers] : handlers;
  if (!Array.isArray(list)) return [`handlers: is ${describeValue(handlers)}, not a list or a pattern of files`];
  const pattern = list.find((handler) => typeof handler === 'string');
  if (pattern === undefined) return [];
  return [
    `handlers: '${pattern}' stands for files, which are found by loadHandlers: createGateway({ …config, handlers: await loadHandlers(config.handlers, { baseUrl: import.meta.url }) })`,
  ];
}
