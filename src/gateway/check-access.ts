import type { Access, AccessExplanation } from '../http/auth/access.ts';
import { type Components, createComponents } from './components.ts';
import { assembleGateway, createAccess, type Gateway } from './gateway.ts';

/** A request to check. */
export interface CheckedRequest {
  readonly method: string;
  /** The path of the request, as in its request line. */
  readonly path: string;
  /** The key or token of the request. Default: none. */
  readonly token?: string | undefined;
  /** The names in the client certificate. Default: none. */
  readonly certificateNames?: readonly string[] | undefined;
}

/** The answer of a gateway to a request, and the reasons for it. */
export interface AccessCheck {
  /** The path of the matching route, with the names of its parameters; undefined for an unknown path. */
  readonly route: string | undefined;
  /** True if the route belongs to the management listener. */
  readonly isManagement?: boolean;
  /** The refusal; undefined if the route would handle the request. */
  readonly problem: { readonly status: number; readonly code: string; readonly detail: string } | undefined;
  /** Undefined without `auth`, and for a request that is refused before its caller is identified. */
  readonly explanation: AccessExplanation | undefined;
}

/**
 * Checks whether a gateway would admit a request. The servers of the gateway run all checks that precede the body, but
 * call no route. The gateway does not connect to the broker.
 */
export async function checkAccess(
  { config, logger }: Pick<Components, 'config' | 'logger'>,
  request: CheckedRequest,
): Promise<AccessCheck> {
  const certificateNames = () => request.certificateNames ?? [];
  const access = createAccess({ config, logger }, { certificateNames });
  const { app, management, stop } = assembleGateway(createComponents(config, logger), false, {}, access);
  try {
    const check = await checkBy(app, request, access);
    if (check.route !== undefined || management === undefined) return check;
    const other = await checkBy(management, request, access);
    return other.route === undefined ? check : { ...other, isManagement: true };
  } finally {
    await stop();
  }
}

async function checkBy(
  app: Gateway['app'],
  { method, path, token }: CheckedRequest,
  access: Access | undefined,
): Promise<AccessCheck> {
  let isAdmitted = false;
  let route: string | undefined;
  let explanation: AccessExplanation | undefined;
  // Runs after all checks that precede the body.
  app.addHook('preParsing', (_request, reply, _payload, _done) => {
    isAdmitted = true;
    void reply.code(204).send();
  });
  let problem: string | undefined;
  app.addHook('onSend', (sent, _reply, payload, done) => {
    // The answer to a HEAD request has no body, but its payload is passed to this hook.
    if (!isAdmitted) problem = String(payload);
    route = sent.is404 ? undefined : sent.routeOptions.url;
    explanation = access?.explain(sent);
    done();
  });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await app.inject({ method: method as 'POST', url: path, headers });
  return { route, explanation, problem: isAdmitted ? undefined : JSON.parse(problem ?? answer.body) };
}
