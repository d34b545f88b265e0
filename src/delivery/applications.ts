import type { ParentMessages } from '../bus/parent-messages.ts';
import type { CallGate, GateChanges } from '../handler/call-gate.ts';
import { type HandlerDefinition, handlerKind } from '../handler/handler-definition.ts';
import type { RemoteHandler } from '../handler/remote-handler.ts';
import type { Logger } from '../logger.ts';
import { type Invocation, parameterConverter } from '../parameter/parameter-converter.ts';
import type { ApplicationSettings } from './application-settings.ts';
import { applicationUrlIssue } from './application-url.ts';
import { type ApplicationState, HttpApplication } from './http-application.ts';
import { type PostTarget, type PostToOptions, postTargetOf } from './post-to.ts';
import { notWanted, type PostedMessage, postedRequest } from './posted-request.ts';
import { PullApplication, type PullState } from './pull/pull-application.ts';
import { type PullSettings, pullOptionsOf } from './pull/pull-options.ts';
import type { RequestObserver } from './request-observer.ts';
import { RequestWriter } from './request-writer.ts';
import { trustedCertificates } from './trusted-certificates.ts';

export interface ApplicationsOptions {
  /** Maximum number of requests to an application at once. */
  readonly concurrency: number;
  /** Milliseconds after which a handler without its own time counts as failed. */
  readonly handlerTimeoutMs: number;
  /** The application of the configuration, whose settings count for its URL. */
  readonly settings?: ApplicationSettings | undefined;
  /** The application of the configuration that pulls its messages. Default: none pulls. */
  readonly pull?: PullSettings | undefined;
  /** The settings of other applications. */
  readonly defaults: Pick<ApplicationSettings, 'connectTimeoutMs' | 'holdMs'>;
  /** The `source` of events that leave as CloudEvents. */
  readonly cloudEventsSource?: string | undefined;
  readonly parents: ParentMessages;
  /** Returns the observer of the requests to an origin. Default: nothing is measured. */
  readonly observe?: ((origin: URL) => RequestObserver) | undefined;
  readonly logger: Logger;
}

/** The applications outside of this process that handle messages: those behind URLs, and the one that pulls. */
export class Applications implements GateChanges {
  /** The application that pulls its messages; undefined if none does. */
  readonly pull: PullApplication | undefined;
  readonly #options: ApplicationsOptions;
  readonly #byAddress = new Map<string, HttpApplication>();
  readonly #listeners: (() => void)[] = [];

  constructor(options: ApplicationsOptions) {
    const { pull: settings, parents } = options;
    this.#options = options;
    this.pull = settings && new PullApplication({ settings, parents, changed: () => this.#onChange() });
  }

  /** Returns how an application handles the messages of a definition; undefined for a function of this process. */
  readonly find = (definition: HandlerDefinition): RemoteHandler | undefined => {
    const pullOptions = pullOptionsOf(definition.handle);
    if (pullOptions !== undefined) return this.pull?.handlerOf(definition, pullOptions);
    const target = postTargetOf(definition.handle);
    return target && this.#handlerOf(definition, target);
  };

  /** True if no application outside of this process handles messages. */
  get isEmpty(): boolean {
    return this.#byAddress.size === 0 && this.pull === undefined;
  }

  describe(): readonly (ApplicationState | PullState)[] {
    const pulling = this.pull === undefined ? [] : [this.pull.describe()];
    return [...Array.from(this.#byAddress.values(), (application) => application.describe()), ...pulling];
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  endWaits(): void {
    this.pull?.endWaits();
    for (const application of this.#byAddress.values()) application.endWaits();
  }

  /** Returns the application that the configuration names; undefined if it names none. */
  configured(): HttpApplication | undefined {
    const { settings } = this.#options;
    return settings && this.#applicationAt(new URL(settings.url).origin, {});
  }

  /** Drops the state of each path whose gate is no longer in use, because an application has said that it receives others. */
  keepOnly(gates: readonly CallGate[]): void {
    for (const application of this.#byAddress.values()) application.keepOnly(gates);
  }

  /** Begins to watch the health of applications that have a health check. */
  start(): void {
    for (const application of this.#byAddress.values()) application.start();
  }

  /** Ends all requests and connections. */
  async close(): Promise<void> {
    this.pull?.close();
    await Promise.all(Array.from(this.#byAddress.values(), (application) => application.close()));
  }

  #onChange(): void {
    for (const listener of this.#listeners) listener();
  }

  #handlerOf(definition: HandlerDefinition, { url, options, pathOfMessage }: PostTarget): RemoteHandler {
    const issue = applicationUrlIssue(url);
    if (issue !== undefined) throw new TypeError(`The URL of postTo(…) ${issue}.`);
    const { origin, pathname, search } = new URL(url);
    const application = this.#applicationAt(origin, options);
    const { format, schema, ...posted } = options;
    const { timeoutMs = this.#options.handlerTimeoutMs, parameters, payload } = definition;
    const { cloudEventsSource, logger } = this.#options;
    const path = pathOfMessage ? undefined : `${pathname}${search}`;
    const kind = definition[handlerKind];
    const prefix = `${pathname.replace(/\/$/, '')}/${kind}s/`;
    const writer = new RequestWriter({ path, prefix, timeoutMs, format, cloudEventsSource, ...options, logger });
    const gatePath = path ?? `${prefix}${definition.routingKey}`;
    return {
      description,
      parameters: [postedRequest({ ...posted, schema: schema ?? payload, parameters }), invocation],
      gate: application.gate(gatePath),
      handle: (message: PostedMessage | typeof notWanted, call: Invocation) => {
        if (message === notWanted) return application.skip();
        const request = writer.write(message, call);
        const end = this.#options.parents.begin(message.message);
        return application.post(gatePath, request, timeoutMs).then(end, (error) => {
          end();
          throw error;
        });
      },
    };
  }

  #applicationAt(origin: string, { caFile }: PostToOptions): HttpApplication {
    const { settings: configured, defaults, concurrency, logger } = this.#options;
    const isConfigured = configured !== undefined && new URL(configured.url).origin === origin && caFile === undefined;
    const key = isConfigured ? '' : JSON.stringify([origin, caFile]);
    let application = this.#byAddress.get(key);
    if (application === undefined) {
      const ca = caFile === undefined ? undefined : trustedCertificates(caFile, logger);
      const settings = isConfigured ? configured : { ...defaults, url: origin, ca };
      const observe = this.#options.observe?.(new URL(origin));
      application = new HttpApplication({ settings, concurrency, changed: () => this.#onChange(), observe, logger });
      this.#byAddress.set(key, application);
    }
    return application;
  }
}

/** A URL can hold a secret, and the list of endpoints is shown to strangers. */
const description = [{ name: 'request', converter: 'the message, as a POST to the application' }];

/** The call itself, with its signal and its number. */
const invocation = parameterConverter('the call', () => (call: Invocation) => call);
