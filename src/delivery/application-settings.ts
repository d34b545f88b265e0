import type { HealthSettings } from './health-check.ts';

/** The connection to an application, with its defaults and its files read. */
export interface ApplicationSettings {
  /** The address. Its path is the prefix of all paths. */
  readonly url: string;
  /** Milliseconds until an attempt to connect fails, and the application counts as away. */
  readonly connectTimeoutMs: number;
  /** Milliseconds for which messages wait in this process while the application is away. */
  readonly holdMs: number;
  /** Maximum number of requests to one path at once. Default: half of all, if there are several paths. */
  readonly concurrencyPerPath?: number | undefined;
  /** Default: none; the application is away when it cannot be reached. */
  readonly health?: HealthSettings | undefined;
  /** Returns the trusted certificates, PEM. Default: those that Node trusts. */
  readonly ca?: (() => string) | undefined;
}
