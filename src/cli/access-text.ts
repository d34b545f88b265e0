import type { ResolvedConfig } from '../config/resolve.ts';
import type { AccessCheck, CheckedRequest } from '../gateway/check-access.ts';
import type { AccessDecision } from '../http/auth/decision.ts';
import { permissionText } from '../http/auth/grants.ts';
import type { Principal } from '../http/auth/principal.ts';
import { errorText } from '../text/error-chain.ts';
import { printable } from './printable.ts';
import { table } from './table.ts';

/** Describes the decision about a request, with one fact on each line. The text never contains the token. */
export function accessText(
  { method, path, token, certificateNames }: CheckedRequest,
  { auth, http }: Pick<ResolvedConfig, 'auth' | 'http'>,
  { route, isManagement = false, problem, explanation = {} }: AccessCheck,
): string {
  const { principal, decision, error } = explanation;
  const rows = [
    ['request', `${method} ${path}`],
    ['route', routeText(method, route, problem)],
  ];
  if (isManagement) rows.push(['listener', 'the management listener (http.management)']);
  if (auth === undefined || auth === 'none') {
    rows.push(['auth', 'not configured: every caller may send']);
  } else if (principal === undefined) {
    rows.push(['credentials', error === undefined ? 'not read' : `not accepted: ${errorText(error)}`]);
  } else {
    const { grants } = principal;
    rows.push(['credentials', credentialsText(principal)]);
    rows.push(['caller', principal.name]);
    rows.push(['grants', grants.isEmpty ? 'none' : grants.texts.join(', ')]);
    rows.push(['requires', requirementText(decision)]);
  }
  rows.push(['decision', problem === undefined ? allowedText(decision) : `refused: ${problem.detail}`]);
  rows.push(['status', problem === undefined ? 'set by the route' : `${problem.status} ${problem.code}`]);
  if (http.tls?.clientCertificates === 'require' && (certificateNames ?? []).length === 0) {
    rows.push(['note', 'the gateway refuses connections without a client certificate (http.tls.clientCertificates)']);
  }
  if (token !== undefined && (certificateNames ?? []).length > 0) {
    rows.push(['note', 'the token takes precedence over the certificate']);
  }
  return table(rows.map(([name = '', value = '']) => [name, printable(value)]));
}

function routeText(method: string, route: string | undefined, problem: AccessCheck['problem']): string {
  if (route === undefined) return 'no route has this path';
  return problem?.code === 'method-not-allowed' ? `${route} does not support this method` : `${method} ${route}`;
}

function credentialsText({ name, kind, issuer }: Principal): string {
  switch (kind) {
    case 'key':
      return `a key of '${name}' (auth.keys)`;
    case 'admin token':
      return 'the admin token (http.adminToken)';
    case 'token':
      return `a token of the issuer '${issuer}' (auth.jwt)`;
    case 'certificate':
      return `a client certificate with the name '${name}' (auth.mtls)`;
    case 'none':
      return 'no known credentials; the grants are those in auth.anonymous';
  }
}

function requirementText({ requires }: AccessDecision = { requires: 'open' }): string {
  switch (requires) {
    case 'open':
      return 'nothing';
    case 'caller':
      return 'any known credentials, or any grant in auth.anonymous';
    case 'messages':
      return 'a grant for each message in its body';
    case 'everything':
      return '*';
    default:
      return permissionText(requires);
  }
}

function allowedText({ requires, grant }: AccessDecision = { requires: 'open' }): string {
  if (grant !== undefined) return `allowed by the grant ${grant}`;
  return requires === 'messages' ? 'allowed; the grants are checked again for each message' : 'allowed';
}
