import { isRecord } from '../schema/is-record.ts';

/** The settings of an application that pulls its messages. */
export const leaseSettings = ['leaseMs', 'longestLeaseMs'] as const;

/** The settings of requests, which an application that pulls does not get. */
const requestSettings = [
  ...['format', 'timeoutMs', 'connectTimeoutMs', 'concurrencyPerPath', 'health', 'secretFile', 'tokenFile'],
  ...['cloudEventsSource', 'caFile'],
];

const requestSettingsOfKeys: Readonly<Record<string, string>> = {
  path: 'all messages are pulled by one route',
  timeoutMs: 'the lease is the deadline',
  headers: 'a pulled message shows all of its headers; compute values with body',
  format: 'a pulled message has one form',
};

/** The defaults of `leaseSettings`. */
export type LeaseDefaults = Readonly<Record<(typeof leaseSettings)[number], number>>;

/** Validates the settings of an application that pulls its messages. */
export function validatePull(application: Readonly<Record<string, unknown>>, fill: LeaseDefaults): string[] {
  const issues: string[] = [];
  const { url, commands, events, leaseMs = fill.leaseMs, longestLeaseMs = fill.longestLeaseMs } = application;
  if (url !== undefined) issues.push('application: has both url and pull: true; keep one of them');
  if (commands === undefined && events === undefined) {
    issues.push(
      'application: pulls, but names neither commands nor events; set APPLICATION_COMMANDS or APPLICATION_EVENTS',
    );
  }
  for (const name of requestSettings) {
    if (application[name] !== undefined) issues.push(`application.${name}: is for an application with a url`);
  }
  if (Number(leaseMs) > Number(longestLeaseMs)) {
    issues.push(`application.leaseMs: is ${leaseMs}, longer than application.longestLeaseMs, ${longestLeaseMs}`);
  }
  return [...issues, ...keyIssues('commands', commands), ...keyIssues('events', events)];
}

function keyIssues(section: string, subscriptions: unknown): string[] {
  if (!isRecord(subscriptions)) return [];
  return Object.entries(subscriptions).flatMap(([key, subscription]) => {
    const at = `application.${section}.${key}`;
    if (typeof subscription === 'string') return [`${at}: is a path, for an application with a url; write true`];
    if (!isRecord(subscription)) return [];
    return Object.entries(requestSettingsOfKeys)
      .filter(([name]) => subscription[name] !== undefined)
      .map(([name, reason]) => `${at}.${name}: is for an application with a url: ${reason}`);
  });
}
