import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Returns the names in the client certificate of a connection, if an authority of the configuration has signed it: each
 * URI and DNS name of its subject alternative names, such as `spiffe://…` and `DNS:…`, and then `CN=…` for the common
 * name of its subject.
 */
export function certificateNames(socket: Socket): readonly string[] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return [];
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? [] : namesIn(certificate);
}

function namesIn(certificate: X509Certificate): readonly string[] {
  const names: string[] = [];
  for (const entry of splitNames(certificate.subjectAltName ?? '')) {
    if (entry.startsWith('URI:')) names.push(entry.slice(4));
    else if (entry.startsWith('DNS:')) names.push(entry);
  }
  // A subject with several common names is ambiguous, so none of them counts.
  const commonNames = certificate.subject?.match(/^CN=.*$/gm) ?? [];
  return commonNames.length === 1 ? [...names, ...commonNames] : names;
}

/**
 * Splits Node's text of the alternative names. Node quotes a name that contains a comma as a JSON string, so that no
 * name looks like two (CVE-2021-44532). Such names are left out.
 */
function splitNames(text: string): string[] {
  return text.replaceAll(/\w+:"(?:[^"\\]|\\.)*"/g, '').split(', ');
}
