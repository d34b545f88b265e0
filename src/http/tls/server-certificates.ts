import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions, type Server, type TlsOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { errorMessage } from '../../errors.ts';
import { FileWatch } from '../../file/file-watch.ts';
import { readTlsFiles, type TlsFiles } from '../../file/tls-files.ts';
import type { Logger } from '../../logger.ts';

/** Settings of a server that speaks TLS. */
export interface ServerTls extends TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCertificates: 'none' | 'request' | 'require';
}

/** The names of the settings, for issues. */
export const httpTls = { section: 'http.tls', variables: 'TLS' } as const;

/** Time limit for a handshake. A caller that opens a connection and never speaks TLS is cut off after it. */
const handshakeTimeoutMs = 10_000;

/** Time before the end of a certificate from which on its loading is a warning. */
const soonMs = 7 * 86_400_000;

/**
 * The certificates of a server. It watches their files, and gives the server a new context when they change. Open
 * connections and handshakes under way keep theirs.
 */
export class ServerCertificates {
  readonly #tls: ServerTls;
  readonly #logger: Logger;
  readonly #watch: FileWatch;
  readonly #servers = new Set<Server>();
  #context: SecureContextOptions;

  /** Reads the files. @throws LittoralError `invalid-configuration` with every issue of the files */
  constructor(tls: ServerTls, logger: Logger, intervalMs?: number) {
    this.#tls = tls;
    this.#logger = logger;
    const { certFile, keyFile, caFile } = tls;
    const paths = [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])];
    this.#watch = new FileWatch({ paths: () => paths, intervalMs });
    this.#context = contextOf(tls);
    this.#warnOfEnd();
  }

  /** Returns the options of a server. */
  options(): TlsOptions {
    const { clientCertificates } = this.#tls;
    return {
      ...this.#context,
      handshakeTimeout: handshakeTimeoutMs,
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: clientCertificates === 'require',
    };
  }

  /** Keeps the certificates of a server fresh from now on. */
  attach(server: Server): void {
    this.#servers.add(server);
    this.#watch.start(() => this.reload());
  }

  /** Reads the files again. Files that cannot be used are logged, and change nothing. */
  reload(): void {
    this.#watch.note();
    const { certFile, keyFile, caFile } = this.#tls;
    const files = { certFile, keyFile, caFile };
    try {
      const context = contextOf(this.#tls);
      if (isDeepStrictEqual(context, this.#context)) return;
      for (const server of this.#servers) server.setSecureContext(context);
      this.#context = context;
    } catch (error) {
      this.#logger.error({ ...files, reason: errorMessage(error) }, 'certificates not reloaded; the earlier ones stay');
      return;
    }
    this.#logger.info({ ...files, validTo: this.#certificate.validTo }, 'certificates reloaded');
    this.#warnOfEnd();
  }

  close(): void {
    this.#watch.close();
  }

  get #certificate(): X509Certificate {
    return new X509Certificate(String(this.#context.cert));
  }

  #warnOfEnd(): void {
    const { validFrom, validTo } = this.#certificate;
    const { certFile } = this.#tls;
    if (Date.parse(validTo) - Date.now() < soonMs) {
      this.#logger.warn({ certFile, validTo }, 'certificate of the HTTP server expired, or expires soon');
    } else if (Date.parse(validFrom) > Date.now()) {
      this.#logger.warn({ certFile, validFrom }, 'certificate of the HTTP server is not valid yet');
    }
  }
}

/** Returns why OpenSSL refuses the files, where each of them can be read; undefined if it does not. */
export function contextIssue(tls: ServerTls): string | undefined {
  try {
    createSecureContext(contextOf(tls));
    return undefined;
  } catch (error) {
    return `http.tls.certFile: ${tls.certFile} cannot be used (${errorMessage(error)}). Renew the certificate with a key and a signature that OpenSSL accepts`;
  }
}

/** Reads the files and checks them with OpenSSL, so that `setSecureContext` cannot fail halfway. */
function contextOf(tls: ServerTls): SecureContextOptions {
  // Whatever NODE_OPTIONS says, nothing older than TLS 1.2 is spoken.
  const context = { ...readTlsFiles(tls, httpTls), minVersion: 'TLSv1.2', honorCipherOrder: true } as const;
  createSecureContext(context);
  return context;
}
