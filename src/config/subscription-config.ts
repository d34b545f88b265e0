import Type, { type Static } from 'typebox';
import { customHeaderIssue } from '../delivery/custom-header.ts';
import type { PostFormat } from '../delivery/post-to.ts';
import { type Retries, RetriesSettings } from '../handler/retries.ts';
import { isRecord } from '../schema/is-record.ts';
import { compileSchema } from '../schema/schema-check.ts';
import { validateSettings } from '../schema/validate-settings.ts';
import { closed, Milliseconds, type SameSettings } from './setting-types.ts';

/** The messages of one routing key, and how the application receives them. Expressions are JSONata. */
export interface SubscriptionConfig {
  /** The path below the URL. Default: `/commands/{routingKey}` or `/events/{routingKey}`. */
  path?: string | undefined;
  /** Names the subscription in logs, dead letters and the list of endpoints. Default: its routing key. */
  endpointId?: string | undefined;
  /** Milliseconds after which a request counts as failed. Default: that of the application. */
  timeoutMs?: number | undefined;
  /** The retries, as far as they differ from those of the service. */
  retries?: Retries | undefined;
  /** True, false, or an expression that gives a key. Default: that of the service. */
  deduplicate?: boolean | string | undefined;
  /** An expression that must be true. Otherwise the message is acknowledged without a request. Default: none. */
  when?: string | undefined;
  /** The JSON Schema of the payload. A message that does not fit becomes a dead letter. Default: none. */
  schema?: Readonly<Record<string, unknown>> | undefined;
  /** The media type that the body is converted to. Default: the bytes as they came. */
  contentType?: string | undefined;
  /** An expression that gives the body. It is sent as JSON, or as `contentType`. Default: the payload. */
  body?: string | undefined;
  /** Request headers, each with an expression that gives its value. Default: none. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** The form of the request. Default: that of the application. */
  format?: PostFormat | undefined;
}

/** Routing keys; or for each of them `true`, a path, or more settings. In the key of an event, `*` matches anything. */
export type SubscriptionsConfig = readonly string[] | Readonly<Record<string, true | string | SubscriptionConfig>>;

/** The forms of a request. */
export const Format = Type.Enum(['message', 'cloudevents', 'cloudevents-structured']);

const SubscriptionSettings = Type.Object(
  {
    path: Type.Optional(Type.String()),
    endpointId: Type.Optional(Type.String()),
    timeoutMs: Type.Optional(Milliseconds),
    retries: Type.Optional(RetriesSettings),
    deduplicate: Type.Optional(Type.Union([Type.Boolean(), Type.String()])),
    when: Type.Optional(Type.String()),
    schema: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    contentType: Type.Optional(Type.String()),
    body: Type.Optional(Type.String()),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    format: Type.Optional(Format),
  },
  closed,
);

/** The schema of `application.commands` and `application.events`. */
export const Subscriptions = Type.Union([
  Type.Array(Type.String()),
  Type.Record(Type.String(), Type.Union([Type.Literal(true), Type.String(), SubscriptionSettings])),
]);

/** The messages that an application receives. */
interface SubscriptionLists {
  readonly commands?: SubscriptionsConfig | undefined;
  readonly events?: SubscriptionsConfig | undefined;
}

/** Validates what the schema cannot express. Returns each issue with its path. */
export function validateSubscriptions({ commands, events }: SubscriptionLists): string[] {
  const issues: string[] = [];
  for (const [section, subscriptions] of Object.entries({ commands, events })) {
    if (!isRecord(subscriptions)) continue;
    for (const [key, subscription] of Object.entries(subscriptions)) {
      const at = `${section}.${key}`;
      if (typeof subscription === 'string') issues.push(...pathIssues(at, subscription));
      if (!isRecord(subscription)) continue;
      const { path, headers } = subscription as SubscriptionConfig;
      if (typeof path === 'string') issues.push(...pathIssues(`${at}.path`, path));
      if (!isRecord(headers)) continue;
      issues.push(
        ...Object.keys(headers)
          .flatMap((name) => customHeaderIssue(name) ?? [])
          .map((issue) => `${at}.headers: ${issue}`),
      );
    }
  }
  return issues;
}

/** Returns the issues of a path below the URL of an application. */
export function pathIssues(at: string, path: string): string[] {
  if (/^\/[!-~]*$/.test(path) && !path.includes('#')) return [];
  return [`${at}: is not a path, such as /hooks/orders: it begins with a slash and holds visible ASCII without #`];
}

const DiscoveredSchema = Type.Object(
  { commands: Type.Optional(Subscriptions), events: Type.Optional(Subscriptions) },
  closed,
);

/** Validates what an application says that it receives. Returns the issues, each with its path. */
export function validateDiscovered(answer: unknown): string[] {
  const issues = validateSettings(compileSchema(DiscoveredSchema), answer);
  if (issues.length > 0) return issues.map(({ path, message }) => `${path || 'the answer'}: ${message}`);
  return validateSubscriptions(answer as SubscriptionLists);
}

true satisfies SameSettings<SubscriptionConfig, Static<typeof SubscriptionSettings>>;
