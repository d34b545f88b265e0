import Type, { type Static } from 'typebox';
import { applicationUrlIssue } from '../delivery/application-url.ts';
import type { PostFormat } from '../delivery/post-to.ts';
import { readSecrets } from '../delivery/sign-request.ts';
import { errorMessage } from '../errors.ts';
import { readCertificates } from '../file/certificates.ts';
import { readSettingFile } from '../file/setting-file.ts';
import { readToken } from '../file/token.ts';
import { isRecord } from '../schema/is-record.ts';
import { type LeaseDefaults, leaseSettings, validatePull } from './pull-config.ts';
import { closed, Milliseconds, type SameSettings } from './setting-types.ts';
import {
  Format,
  pathIssues,
  Subscriptions,
  type SubscriptionsConfig,
  validateSubscriptions,
} from './subscription-config.ts';

/** The schema of `application`. */
export const ApplicationSchema = Type.Object(
  {
    url: Type.Optional(Type.String()),
    pull: Type.Optional(Type.Boolean()),
    leaseMs: Type.Optional(Milliseconds),
    longestLeaseMs: Type.Optional(Milliseconds),
    commands: Type.Optional(Subscriptions),
    events: Type.Optional(Subscriptions),
    format: Type.Optional(Format),
    timeoutMs: Type.Optional(Milliseconds),
    connectTimeoutMs: Type.Optional(Milliseconds),
    holdMs: Type.Optional(Milliseconds),
    concurrencyPerPath: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    health: Type.Optional(
      Type.Object(
        {
          path: Type.String(),
          intervalMs: Type.Optional(Milliseconds),
          timeoutMs: Type.Optional(Milliseconds),
          threshold: Type.Optional(Type.Integer({ minimum: 1 })),
        },
        closed,
      ),
    ),
    secretFile: Type.Optional(Type.String({ minLength: 1 })),
    tokenFile: Type.Optional(Type.String({ minLength: 1 })),
    cloudEventsSource: Type.Optional(Type.String({ minLength: 1 })),
    caFile: Type.Optional(Type.String({ minLength: 1 })),
  },
  closed,
);

/** An application in any language, which receives messages as POST requests, or pulls them. */
export interface ApplicationConfig {
  /** The address, such as `http://127.0.0.1:8080`. Its path is the prefix of all paths. `APPLICATION_URL` overrides it. */
  url?: string | undefined;
  /**
   * True for an application without a URL, which fetches its messages by `POST /deliveries/pull`. Its commands or events
   * are named here. Default: false. `APPLICATION_PULL` overrides it.
   */
  pull?: boolean | undefined;
  /** Milliseconds for which a pulled message is leased, where the pull does not say it. Default: 60 s. */
  leaseMs?: number | undefined;
  /** The longest time of a lease in milliseconds, its extensions included. Default: 10 min. */
  longestLeaseMs?: number | undefined;
  /**
   * The commands that it handles. Without `commands` and `events`, the application is asked:
   * `GET {url}/.well-known/littoral`. `APPLICATION_COMMANDS` overrides it, commas between the keys.
   */
  commands?: SubscriptionsConfig | undefined;
  /** The events that it listens to. See `commands`. `APPLICATION_EVENTS` overrides it, commas between the keys. */
  events?: SubscriptionsConfig | undefined;
  /**
   * The form of the requests: `message`, or the HTTP binding of CloudEvents, `cloudevents` (binary) or
   * `cloudevents-structured`. Default: `message`.
   */
  format?: PostFormat | undefined;
  /** Milliseconds after which a request counts as failed. Default: 30 s. */
  timeoutMs?: number | undefined;
  /** Milliseconds until an attempt to connect fails, and the application counts as away. Default: 5 s. */
  connectTimeoutMs?: number | undefined;
  /**
   * Milliseconds for which messages wait in this process while the application is away. Default: 60 s; with `pull`, the
   * time for which a message waits for a pull of its endpoint, 10 s.
   */
  holdMs?: number | undefined;
  /** Maximum number of requests to one path at once. Default: half of `concurrency` if there are several paths. */
  concurrencyPerPath?: number | undefined;
  /** A path that is asked for the health of the application. Default: none; it is away when it cannot be reached. */
  health?: HealthConfig | undefined;
  /**
   * A file of the secrets that sign each request as Standard Webhooks say, one on each line: `whsec_…`. Two while one
   * replaces the other. Read again when it changes. Default: none. `APPLICATION_SECRET_FILE` overrides it.
   */
  secretFile?: string | undefined;
  /**
   * A file of the token that each request carries as `Authorization: Bearer …`. Read again when it changes. Default:
   * none. `APPLICATION_TOKEN_FILE` overrides it.
   */
  tokenFile?: string | undefined;
  /** The `source` of messages that leave as CloudEvents. Default: `/services/` and the service that sent them. */
  cloudEventsSource?: string | undefined;
  /**
   * A file of certificates to trust in place of those that Node trusts, PEM. Read again when it changes. Default: those
   * that Node trusts.
   */
  caFile?: string | undefined;
}

/** The health check of an application. */
export interface HealthConfig {
  /** The path below the URL, which answers 2xx while the application can take messages. */
  path: string;
  /** Milliseconds between two requests. Default: 5 s. */
  intervalMs?: number | undefined;
  /** Milliseconds after which a request counts as failed. Default: 1 s. */
  timeoutMs?: number | undefined;
  /** Number of failures in a row after which the application counts as away. Default: 3. */
  threshold?: number | undefined;
}

/** Validates what the schema cannot express. It ignores values of a wrong type, which the schema reports. */
export function validateApplication(application: unknown, fill: LeaseDefaults): string[] {
  if (!isRecord(application)) return [];
  const { url, pull, commands, events, health } = application as ApplicationConfig;
  if (pull === true) return validatePull(application, fill);
  const issues: string[] = leaseSettings
    .filter((name) => application[name] !== undefined)
    .map((name) => `application.${name}: is for an application with pull: true`);
  if (url === undefined && typeof (pull ?? false) === 'boolean') {
    issues.push(
      'application.url: is missing; set it or APPLICATION_URL, or pull: true (APPLICATION_PULL) for an application that fetches its messages',
    );
  } else {
    const issue = typeof url === 'string' ? applicationUrlIssue(url) : undefined;
    if (issue) issues.push(`application.url: ${issue}`);
    else if (typeof url === 'string' && new URL(url).search !== '') issues.push('application.url: has a query (?…)');
  }
  if (typeof health?.path === 'string') issues.push(...pathIssues('application.health.path', health.path));
  issues.push(...validateFiles(application));
  const ofSubscriptions = validateSubscriptions({ commands, events });
  return [...issues, ...ofSubscriptions.map((issue) => `application.${issue}`)];
}

/** Reads each file once, so that an issue names its setting. */
function validateFiles({ caFile, tokenFile, secretFile }: ApplicationConfig): string[] {
  const issues: string[] = [];
  if (typeof caFile === 'string') readCertificates('application.caFile', caFile, issues);
  for (const [name, file, parse] of [
    ['application.tokenFile', tokenFile, readToken],
    ['application.secretFile', secretFile, readSecrets],
  ] as const) {
    const text = typeof file === 'string' ? readSettingFile(name, file, issues) : undefined;
    try {
      if (text !== undefined) parse(text);
    } catch (error) {
      issues.push(`${name}: ${errorMessage(error)}`);
    }
  }
  return issues;
}

/** The settings that environment variables override. */
export const applicationVariables = {
  'application.url': 'APPLICATION_URL',
  'application.pull': 'APPLICATION_PULL',
  'application.commands': 'APPLICATION_COMMANDS',
  'application.events': 'APPLICATION_EVENTS',
  'application.secretFile': 'APPLICATION_SECRET_FILE',
  'application.tokenFile': 'APPLICATION_TOKEN_FILE',
} as const;

/** Reads the settings that the environment has. */
export function readApplicationVariables(environment: Readonly<Record<string, string | undefined>>): ApplicationConfig {
  const { APPLICATION_URL, APPLICATION_PULL, APPLICATION_COMMANDS, APPLICATION_EVENTS } = environment;
  const { APPLICATION_SECRET_FILE, APPLICATION_TOKEN_FILE } = environment;
  return {
    ...(APPLICATION_URL ? { url: APPLICATION_URL } : {}),
    ...(APPLICATION_PULL ? { pull: booleanOf(APPLICATION_PULL) } : {}),
    ...(APPLICATION_COMMANDS ? { commands: listOf(APPLICATION_COMMANDS) } : {}),
    ...(APPLICATION_EVENTS ? { events: listOf(APPLICATION_EVENTS) } : {}),
    ...(APPLICATION_SECRET_FILE ? { secretFile: APPLICATION_SECRET_FILE } : {}),
    ...(APPLICATION_TOKEN_FILE ? { tokenFile: APPLICATION_TOKEN_FILE } : {}),
  };
}

/** Returns any other text as it is: the schema reports it. */
function booleanOf(text: string): boolean {
  return text === 'true' || (text === 'false' ? false : (text as never));
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

true satisfies SameSettings<ApplicationConfig, Static<typeof ApplicationSchema>>;
