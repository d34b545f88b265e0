import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { LittoralError } from '../errors.ts';
import { readCertificates } from './certificates.ts';
import { readSettingFile } from './setting-file.ts';

/** The names of the settings of such files, for issues. */
export interface TlsSettingNames {
  /** The section of the configuration. */
  readonly section: string;
  /** The first part of the environment variables: `AMQP` for `AMQP_CERT_FILE`. */
  readonly variables: string;
}

/** Files in PEM for one side of TLS, by their settings. */
export interface TlsFiles {
  /** Certificates to trust. Default: those that Node trusts; a server trusts none of its clients. */
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

const privateKey = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]*?-----END (?:[A-Z]+ )?PRIVATE KEY-----/;

/**
 * Reads the files, which others can have replaced since they were read before.
 *
 * @throws LittoralError `invalid-configuration` with every issue and its setting
 */
export function readTlsFiles(files: TlsFiles, names: TlsSettingNames): TlsContents {
  const issues: string[] = [];
  const contents = contentsOf(files, names, issues);
  if (issues.length > 0) throw new LittoralError('invalid-configuration', issues.join('; '));
  return contents;
}

/** Validates the files. Returns every issue with its setting. */
export function validateTlsFiles(files: TlsFiles, names: TlsSettingNames): string[] {
  const issues: string[] = [];
  contentsOf(files, names, issues);
  return issues;
}

function contentsOf(
  { caFile, certFile, keyFile }: TlsFiles,
  { section, variables }: TlsSettingNames,
  issues: string[],
): TlsContents {
  const ca = caFile === undefined ? undefined : readCertificates(`${section}.caFile`, caFile, issues);
  const cert = certFile === undefined ? undefined : readCertificates(`${section}.certFile`, certFile, issues);
  const key = keyFile === undefined ? undefined : keyOf(`${section}.keyFile`, keyFile, issues);
  if (certFile !== undefined && keyFile === undefined) {
    issues.push(
      `${section}.keyFile: is missing; set it (or ${variables}_KEY_FILE) to the private key of ${section}.certFile`,
    );
  }
  if (keyFile !== undefined && certFile === undefined) {
    issues.push(
      `${section}.certFile: is missing; set it (or ${variables}_CERT_FILE) to the certificate of ${section}.keyFile`,
    );
  }
  if (cert !== undefined && key !== undefined && !cert[0].checkPrivateKey(key)) {
    issues.push(
      `${section}.keyFile: is not the private key of the first certificate in ${section}.certFile; its own certificate must come before those of authorities`,
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
function keyOf(setting: string, file: string, issues: string[]): KeyObject | undefined {
  const text = readSettingFile(setting, file, issues);
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
