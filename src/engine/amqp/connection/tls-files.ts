import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { errorMessage, LittoralError } from '../../../errors.ts';
import { withoutSecrets } from '../../../text/without-secrets.ts';

/** Files in PEM for `amqps://`, by their settings. */
export interface TlsFiles {
  /** Certificates to trust. Default: those that Node trusts. */
  readonly caFile?: string | undefined;
  /** The certificate by which this process shows who it is, then those that lead to its authority. Default: none. */
  readonly certFile?: string | undefined;
  /** The private key of that certificate, not encrypted. */
  readonly keyFile?: string | undefined;
}

/** The contents of such files, checked. */
export interface TlsContents {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const maxBytes = 1024 * 1024;
const certificates = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const privateKey = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]*?-----END (?:[A-Z]+ )?PRIVATE KEY-----/;

/**
 * Reads the files, which others can have replaced since they were read before.
 *
 * @throws LittoralError `invalid-configuration` with every issue and its setting
 */
export function readTlsFiles(files: TlsFiles): TlsContents {
  const issues: string[] = [];
  const contents = contentsOf(files, issues);
  if (issues.length > 0) throw new LittoralError('invalid-configuration', issues.join('; '));
  return contents;
}

/** Validates the files. Returns every issue with its setting. */
export function validateTlsFiles(files: TlsFiles): string[] {
  const issues: string[] = [];
  contentsOf(files, issues);
  return issues;
}

function contentsOf({ caFile, certFile, keyFile }: TlsFiles, issues: string[]): TlsContents {
  const ca = caFile === undefined ? undefined : certificatesOf('broker.caFile', caFile, issues);
  const cert = certFile === undefined ? undefined : certificatesOf('broker.certFile', certFile, issues);
  const key = keyFile === undefined ? undefined : keyOf('broker.keyFile', keyFile, issues);
  if (certFile !== undefined && keyFile === undefined) {
    issues.push('broker.keyFile: is missing; set it (or AMQP_KEY_FILE) to the private key of broker.certFile');
  }
  if (keyFile !== undefined && certFile === undefined) {
    issues.push('broker.certFile: is missing; set it (or AMQP_CERT_FILE) to the certificate of broker.keyFile');
  }
  if (cert !== undefined && key !== undefined && !cert[0].checkPrivateKey(key)) {
    issues.push(
      'broker.keyFile: is not the private key of the first certificate in broker.certFile; its own certificate must come before those of authorities',
    );
  }
  return {
    ...(ca && { ca: textOf(ca) }),
    ...(cert && { cert: textOf(cert) }),
    ...(key && { key: key.export({ type: 'pkcs8', format: 'pem' }) as string }),
  };
}

function textOf(found: readonly X509Certificate[]): string {
  return found.map(String).join('');
}

/** @returns undefined where there is an issue */
function certificatesOf(
  setting: string,
  file: string,
  issues: string[],
): readonly [X509Certificate, ...X509Certificate[]] | undefined {
  const text = contentOf(setting, file, issues);
  if (text === undefined) return undefined;
  const blocks = text.match(certificates) ?? [];
  const found = blocks.flatMap((block, index) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      issues.push(`${setting}: certificate ${index + 1} of ${blocks.length} in ${file} cannot be read; it is damaged`);
      return [];
    }
  });
  if (blocks.length < text.split('-----BEGIN CERTIFICATE-----').length - 1) {
    issues.push(`${setting}: a certificate in ${file} has no end; the file is cut off`);
  } else if (blocks.length === 0) {
    issues.push(`${setting}: ${file} holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----`);
  }
  const [first, ...others] = found;
  return first === undefined ? undefined : [first, ...others];
}

/** @returns undefined where there is an issue */
function keyOf(setting: string, file: string, issues: string[]): KeyObject | undefined {
  const text = contentOf(setting, file, issues);
  if (text === undefined) return undefined;
  const block = privateKey.exec(text)?.[0];
  if (block === undefined) {
    issues.push(`${setting}: ${file} holds no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----`);
    return undefined;
  }
  if (block.includes('ENCRYPTED')) {
    issues.push(
      `${setting}: the private key in ${file} is encrypted, and littoral asks for no passphrase; decrypt it with openssl pkey -in … -out …, and let only this process read it`,
    );
    return undefined;
  }
  try {
    return createPrivateKey(block);
  } catch {
    // What OpenSSL says of it is no help.
    issues.push(`${setting}: the private key in ${file} cannot be read; it is damaged, or of a kind that is not known`);
    return undefined;
  }
}

/** @returns undefined where there is an issue */
function contentOf(setting: string, file: string, issues: string[]): string | undefined {
  try {
    const stats = statSync(file);
    // Reading a pipe could wait without end.
    const issue = stats.isDirectory()
      ? 'is a directory; name a file in it'
      : !stats.isFile()
        ? 'is not a regular file'
        : stats.size > maxBytes
          ? `has ${stats.size} bytes; ${maxBytes} are allowed`
          : undefined;
    if (issue === undefined) return readFileSync(file, 'utf8');
    issues.push(`${setting}: ${file} ${issue}`);
  } catch (error) {
    // Put there by mistake, it can be the URL.
    issues.push(`${setting}: ${withoutSecrets(unreadable(error, file))}`);
  }
  return undefined;
}

function unreadable(error: unknown, file: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return `${file} does not exist`;
  return code === 'EACCES' ? `${file} may not be read by this process (EACCES)` : errorMessage(error);
}
