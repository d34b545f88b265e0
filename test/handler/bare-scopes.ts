import type { InvocationScopes } from '../../src/handler/invocation-scope.ts';
import { invocationOfMessage } from '../../src/parameter/parameter-converter.ts';

/** Scopes without services. */
export const bareScopes: InvocationScopes = {
  open: ({ message, deadline }) => ({
    ...invocationOfMessage(message),
    get signal() {
      return deadline.signal;
    },
    settle: () => undefined,
    dispose: () => undefined,
  }),
};
