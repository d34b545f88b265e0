import { errorMessage } from '../../../errors.ts';
import { errorText } from '../../../text/error-chain.ts';
import type { ConnectFailureOptions } from './connect-options.ts';

/** Node's text names all the names in the certificate. */
const maxNamesLength = 300;

const trust = 'Set broker.caFile (AMQP_CA_FILE) to a file with the certificate of the authority that signed it';
const demanded =
  'the broker demands a certificate of its clients. Set broker.certFile (AMQP_CERT_FILE) and broker.keyFile (AMQP_KEY_FILE)';
const refused = 'the broker refuses the certificate of broker.certFile';

/** By Node's code, for what Node finds wrong with the certificate of the broker. */
const byCode: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate of the broker is signed by itself. ${trust}`,
  SELF_SIGNED_CERT_IN_CHAIN: `the certificate of the broker is signed by an authority that is not trusted. ${trust}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `the certificate of the broker is signed by an authority that is not trusted. ${trust}`,
  UNABLE_TO_GET_ISSUER_CERT: `the certificate of the broker is signed by an authority that is not trusted. ${trust}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the certificate of the broker is signed by an authority that is not trusted. ${trust}`,
  CERT_SIGNATURE_FAILURE: `the certificate of the broker is not signed by the authority that it names. ${trust}`,
  INVALID_CA: `the certificate of the broker is signed by a certificate that does not belong to an authority. ${trust}`,
  INVALID_PURPOSE: 'the certificate of the broker is not for servers. It needs the extended key usage serverAuth',
  CERT_HAS_EXPIRED:
    'the certificate of the broker, or of its authority, has expired. Renew it at the broker, or the one in broker.caFile',
  CERT_NOT_YET_VALID: 'the certificate of the broker is not valid yet. Look at the clocks of both machines',
  CERT_REVOKED: 'the certificate of the broker was revoked. Renew it at the broker',
  CERT_REJECTED: 'the certificate of the broker is not for servers',
  EE_KEY_TOO_SMALL: 'the key of the certificate of the broker is too short for OpenSSL. Renew it with a longer one',
  CA_MD_TOO_WEAK:
    'the certificate of the broker is signed by a digest that OpenSSL no longer trusts. Renew it with SHA-256',
};

/** By OpenSSL's own words, of an alert of the broker, and of what is no TLS. */
const byReason: readonly (readonly [RegExp, string])[] = [
  [
    /wrong version number|packet length too long|record layer failure/,
    'what listens there speaks no TLS. Write amqp:// in the URL, or the port for TLS, which is 5671 by default',
  ],
  [/alert certificate required/, demanded],
  [/alert certificate expired/, `${refused}: it has expired. Renew it; it is read again at the next attempt`],
  [/alert certificate revoked/, `${refused}: it was revoked. Renew it; it is read again at the next attempt`],
  [
    /alert unknown ca/,
    `${refused}: the broker does not trust the authority that signed it. Add that to its cacertfile`,
  ],
  [
    /alert (?:bad|unsupported) certificate|alert certificate unknown/,
    `${refused}. Look at its signature, its purpose (clientAuth) and its chain, and whether the broker trusts its authority`,
  ],
  [/alert (?:access denied|decrypt error)/, refused],
  [
    /alert protocol version|unsupported protocol|no protocols available/,
    'the broker supports no version of TLS that this process allows. Enable TLS 1.2 or 1.3 at the broker',
  ],
  [/no shared cipher|alert insufficient security|dh key too small/, 'both sides have no secure cipher in common'],
];

/** Returns why TLS failed, and what to do; undefined for an error of another kind. */
export function tlsFailureText(error: unknown, { address, tlsFiles }: ConnectFailureOptions): string | undefined {
  const { code, reason } = Object(error) as { code?: unknown; reason?: unknown };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the certificate of the broker is for another name than '${address.connect.hostname}' (${errorText(error, maxNamesLength)}). Write a name from the certificate into the URL, or renew the certificate with this name`;
  }
  const known = typeof code === 'string' ? byCode[code] : undefined;
  if (known !== undefined) return `${known} (${errorMessage(error)})`;
  if (typeof code !== 'string' || !/^ERR_SSL_|^EPROTO$|^ERR_OSSL/.test(code)) return undefined;
  const said =
    typeof reason === 'string'
      ? reason
      : code
          .replace(/^ERR_SSL_/, '')
          .replaceAll('_', ' ')
          .toLowerCase();
  const found =
    byReason.find(([pattern]) => pattern.test(said))?.[1] ?? general(said, tlsFiles?.certFile !== undefined);
  return `${found} (${said})`;
}

function general(said: string, hasCertificate: boolean): string {
  // Up to TLS 1.2, a broker that demands a certificate says no more than this.
  if (/handshake failure|bad certificate/.test(said) && !hasCertificate) return demanded;
  return 'the TLS handshake failed. The log of the broker has the reason';
}
