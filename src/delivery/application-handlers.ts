import { defineCommandHandler, defineEventHandler } from '../handler/define-handler.ts';
import type { HandlerDefinition } from '../handler/handler-definition.ts';
import type { Retries } from '../handler/retries.ts';
import type { TargetType } from '../schema/target-type.ts';
import { longestTimeoutMs } from '../time/timeout.ts';
import { type PostOptions, posting } from './post-to.ts';
import { leaseMarginMs, pulled } from './pull/pull-options.ts';

/** How an application receives the messages of one routing key. */
interface Subscription extends Omit<PostOptions, 'schema'> {
  readonly path?: string | undefined;
  readonly endpointId?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retries?: Retries | undefined;
  readonly deduplicate?: boolean | string | undefined;
  readonly schema?: Readonly<Record<string, unknown>> | undefined;
}

/** Routing keys, or settings for each of them. */
export type Subscriptions = readonly string[] | Readonly<Record<string, true | string | Subscription>>;

export interface ApplicationHandlersOptions {
  readonly url: string;
  readonly commands?: Subscriptions | undefined;
  readonly events?: Subscriptions | undefined;
  readonly format?: PostOptions['format'];
  readonly tokenFile?: string | undefined;
  readonly secretFile?: string | undefined;
  /** Milliseconds after which a request counts as failed, where the subscription says nothing. */
  readonly timeoutMs: number;
}

/** The application that pulls its messages. */
export interface PulledHandlersOptions extends Pick<ApplicationHandlersOptions, 'commands' | 'events'> {
  /** The longest time of a lease, in milliseconds. */
  readonly longestLeaseMs: number;
}

/** Makes the handlers of an application: one for each key of its commands and events, each with a POST as its function. */
export function applicationHandlers(options: ApplicationHandlersOptions): HandlerDefinition[] {
  return handlersFor(options, (entry) => definition(entry, options));
}

/** Makes the handlers of an application that pulls its messages. */
export function pulledHandlers(options: PulledHandlersOptions): HandlerDefinition[] {
  return handlersFor(options, ([routingKey, subscription]) => {
    const { endpointId, retries, deduplicate, schema, when, contentType, body } = subscription;
    return {
      routingKey,
      distributed: true,
      timeoutMs: Math.min(longestTimeoutMs, options.longestLeaseMs + leaseMarginMs),
      ...definedOf({ endpointId, retries, deduplicate }),
      handle: pulled({ when, contentType, body, schema: schema as TargetType | undefined }),
    };
  });
}

function handlersFor(
  { commands = [], events = [] }: Pick<ApplicationHandlersOptions, 'commands' | 'events'>,
  define: (entry: Entry) => ReturnType<typeof definition>,
): HandlerDefinition[] {
  return [
    ...entriesOf(commands).map((entry) => defineCommandHandler(define(entry))),
    ...entriesOf(events).map((entry) => defineEventHandler(define(entry))),
  ];
}

type Entry = readonly [routingKey: string, subscription: Subscription];

function entriesOf(subscriptions: Subscriptions): Entry[] {
  if (isList(subscriptions)) return subscriptions.map((key) => [key, {}]);
  return Object.entries(subscriptions).map(([key, value]) => {
    if (value === true) return [key, {}];
    return [key, typeof value === 'string' ? { path: value } : value];
  });
}

function isList(subscriptions: Subscriptions): subscriptions is readonly string[] {
  return Array.isArray(subscriptions);
}

function definition([routingKey, subscription]: Entry, application: ApplicationHandlersOptions) {
  const { url, format, timeoutMs, tokenFile, secretFile } = application;
  const { path, endpointId, timeoutMs: own, retries, deduplicate, schema, ...options } = subscription;
  const post = {
    format,
    tokenFile,
    secretFile,
    ...definedOf(options),
    ...(schema && { schema: schema as TargetType }),
  };
  const target = path === undefined ? { url, pathOfMessage: true } : { url: `${url.replace(/\/$/, '')}${path}` };
  return {
    routingKey,
    distributed: true,
    timeoutMs: own ?? timeoutMs,
    ...definedOf({ endpointId, retries, deduplicate }),
    handle: posting({ ...target, options: post }),
  };
}

function definedOf<Given extends object>(given: Given): Partial<Given> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<Given>;
}
