import Type, { type Static } from 'typebox';
import { validateTlsFiles } from '../file/tls-files.ts';
import { contextIssue, httpTls } from '../http/tls/server-certificates.ts';
import { isRecord } from '../schema/is-record.ts';
import { closed, type SameSettings } from './setting-types.ts';

/** HTTPS. The files are in PEM, and are read again when they change. */
export interface TlsConfig {
  /**
   * A PEM file with the certificate of this gateway, followed by the intermediate certificates of its chain. Read again
   * when it changes. Default: none. `TLS_CERT_FILE` overrides it.
   */
  certFile?: string | undefined;
  /**
   * A PEM file with the private key of that certificate, not encrypted. Read again when it changes. Default: none.
   * `TLS_KEY_FILE` overrides it.
   */
  keyFile?: string | undefined;
  /**
   * A PEM file with the certificates of the authorities whose client certificates are trusted. No other authority is
   * trusted. Read again when it changes. Required with `request` and `require`. Default: none. `TLS_CA_FILE` overrides it.
   */
  caFile?: string | undefined;
  /**
   * Client certificates (mTLS). `none` requests no certificate. `request` requests one, and serves callers without a
   * trusted certificate as callers without a certificate. `require` ends the handshake of such callers. Default:
   * `none`. `TLS_CLIENT_CERTIFICATES` overrides it.
   */
  clientCertificates?: 'none' | 'request' | 'require' | undefined;
}

const File = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

/** The schema of `http.tls`, as far as a schema can express it. */
export const TlsSchema = Type.Object(
  {
    certFile: File('The certificate of the gateway and the intermediate ones of its chain, PEM.'),
    keyFile: File('The private key of that certificate, PEM, not encrypted.'),
    caFile: File('The authorities whose client certificates are trusted, PEM.'),
    clientCertificates: Type.Optional(
      Type.Enum(['none', 'request', 'require'], {
        description: 'Whether callers are asked for a certificate, and refused without one.',
      }),
    ),
  },
  { ...closed, description: 'HTTPS. The files are read again when they change.' },
);

true satisfies SameSettings<TlsConfig, Static<typeof TlsSchema>>;

/** Validates what the schema cannot express. Returns each issue with its path. */
export function validateTls(tls: unknown): string[] {
  if (!isRecord(tls)) return [];
  const files = (['certFile', 'keyFile', 'caFile'] as const).filter((name) => tls[name] !== undefined);
  if (!files.every((name) => typeof tls[name] === 'string' && tls[name] !== '')) return [];
  const { certFile, keyFile, caFile, clientCertificates = 'none' } = tls as TlsConfig;
  const issues = validateTlsFiles({ certFile, keyFile, caFile }, httpTls);
  if (certFile === undefined && keyFile === undefined) {
    issues.push('http.tls.certFile: is missing; set it (or TLS_CERT_FILE), and http.tls.keyFile (or TLS_KEY_FILE)');
  }
  if (caFile === undefined && (clientCertificates === 'request' || clientCertificates === 'require')) {
    issues.push(
      `http.tls.caFile: is missing; set it (or TLS_CA_FILE) to the authorities whose client certificates are trusted, because http.tls.clientCertificates is '${clientCertificates}'`,
    );
  }
  if (caFile !== undefined && clientCertificates === 'none') {
    issues.push(
      "http.tls.caFile: is for client certificates; set http.tls.clientCertificates (or TLS_CLIENT_CERTIFICATES) to 'request' or 'require', or leave it out",
    );
  }
  if (issues.length > 0 || certFile === undefined || keyFile === undefined) return issues;
  const issue = contextIssue({ certFile, keyFile, caFile, clientCertificates: 'none' });
  return issue === undefined ? [] : [issue];
}

/** The settings that environment variables override. */
export const tlsVariables = {
  'http.tls.certFile': 'TLS_CERT_FILE',
  'http.tls.keyFile': 'TLS_KEY_FILE',
  'http.tls.caFile': 'TLS_CA_FILE',
  'http.tls.clientCertificates': 'TLS_CLIENT_CERTIFICATES',
} as const;

/** Reads the settings that the environment has. */
export function readTlsVariables(environment: Readonly<Record<string, string | undefined>>): TlsConfig {
  const { TLS_CERT_FILE, TLS_KEY_FILE, TLS_CA_FILE, TLS_CLIENT_CERTIFICATES } = environment;
  return {
    ...(TLS_CERT_FILE ? { certFile: TLS_CERT_FILE } : {}),
    ...(TLS_KEY_FILE ? { keyFile: TLS_KEY_FILE } : {}),
    ...(TLS_CA_FILE ? { caFile: TLS_CA_FILE } : {}),
    ...(TLS_CLIENT_CERTIFICATES ? { clientCertificates: TLS_CLIENT_CERTIFICATES as 'none' } : {}),
  };
}
