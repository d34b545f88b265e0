import Type, { type Static } from 'typebox';
import { isLoopback } from '../http/loopback.ts';
import { isRecord } from '../schema/is-record.ts';
import { closed, type SameSettings } from './setting-types.ts';

/**
 * A second listener, for operators: health, metrics, endpoints, dead letters and documents. The main listener then
 * answers 404 for these routes, except for `/livez` and `/readyz`.
 */
export interface ManagementConfig {
  /** The address to listen on. Default: 127.0.0.1. `MANAGEMENT_HOST` overrides it. */
  host?: string | undefined;
  /** The port to listen on; 0 takes a free one. `MANAGEMENT_PORT` overrides it. */
  port?: number | undefined;
  /**
   * True to serve HTTPS with the certificate of `http.tls`. The listener never requests a client certificate, because
   * probes have none. Default: false. `MANAGEMENT_TLS` overrides it.
   */
  tls?: boolean | undefined;
}

/** The schema of `http.management`, as far as a schema can express it. */
export const ManagementSchema = Type.Object(
  {
    host: Type.Optional(Type.String({ minLength: 1, description: 'The address to listen on.' })),
    port: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 65_535, description: 'The port to listen on; 0 takes a free one.' }),
    ),
    tls: Type.Optional(Type.Boolean({ description: 'True to serve HTTPS with the certificate of http.tls.' })),
  },
  { ...closed, description: 'A listener for operators, apart from that of the callers.' },
);

true satisfies SameSettings<ManagementConfig, Static<typeof ManagementSchema>>;

interface Listener {
  readonly host?: unknown;
  readonly port?: unknown;
}

/**
 * Validates what the schema cannot express, beside the form of the host. Returns each issue with its path.
 *
 * @param main the other listener, with its defaults
 * @param hasTls true if it speaks TLS
 */
export function validateManagement(management: unknown, main: Listener, hasTls: boolean): string[] {
  if (!isRecord(management)) return [];
  const { host = '127.0.0.1', port, tls } = management as ManagementConfig;
  const issues: string[] = [];
  if (port === undefined) {
    issues.push('http.management.port: is missing; set it (or MANAGEMENT_PORT), or leave out http.management');
  } else if (port !== 0 && port === main.port && isSameAddress(host, main.host)) {
    issues.push(`http.management.port: is ${port}, as http.port (PORT); choose another port`);
  }
  if (tls === true && !hasTls) {
    issues.push('http.management.tls: needs the certificate of http.tls, which is not set');
  }
  return issues;
}

const wildcards: readonly unknown[] = ['0.0.0.0', '::'];

/** True if two listeners cannot have the same port. */
function isSameAddress(one: unknown, other: unknown): boolean {
  if (wildcards.includes(one) || wildcards.includes(other) || one === other) return true;
  return typeof one === 'string' && typeof other === 'string' && isLoopback(one) && isLoopback(other);
}

/** The settings that environment variables override. */
export const managementVariables = {
  'http.management.host': 'MANAGEMENT_HOST',
  'http.management.port': 'MANAGEMENT_PORT',
  'http.management.tls': 'MANAGEMENT_TLS',
} as const;

/** Reads the settings that the environment has. */
export function readManagementVariables(environment: Readonly<Record<string, string | undefined>>): ManagementConfig {
  const { MANAGEMENT_HOST, MANAGEMENT_PORT, MANAGEMENT_TLS } = environment;
  return {
    ...(MANAGEMENT_HOST ? { host: MANAGEMENT_HOST } : {}),
    ...(MANAGEMENT_PORT ? { port: /^\d+$/.test(MANAGEMENT_PORT) ? Number(MANAGEMENT_PORT) : Number.NaN } : {}),
    // The schema reports any other text.
    ...(MANAGEMENT_TLS
      ? { tls: MANAGEMENT_TLS === 'true' || (MANAGEMENT_TLS === 'false' ? false : (MANAGEMENT_TLS as never)) }
      : {}),
  };
}
