import { defineCommandHandler, defineEventHandler } from '../handler/define-handler.ts';
import type { HandlerDefinition } from '../handler/handler-definition.ts';
import type { Retries } from '../handler/retries.ts';
import type { TargetType } from '../schema/target-type.ts';
import { type PostOptions, posting } from './post-to.ts';

/** How an application receives the messages of one routing key. */
export interface Subscription extends Omit<PostOptions, 'schema'> {
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

/** Makes the handlers of an application: one for each key of its commands and events, each with a POST as its function. */
export function applicationHandlers(options: ApplicationHandlersOptions): HandlerDefinition[] {
  const { commands = [], events = [] } = options;
  return [
    ...entriesOf(commands).map((entry) => defineCommandHandler(definition(entry, options))),
    ...entriesOf(events).map((entry) => defineEventHandler(definition(entry, options))),
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
