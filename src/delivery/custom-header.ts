/** Names that the request has already, or that decide how it is read. */
const taken =
  /^(message-.*|webhook-.*|ce-.*|content-.*|host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|authorization|user-agent|request-timeout|traceparent|tracestate|baggage)$/i;

/** Returns why a request header cannot be configured; undefined if it can. */
export function customHeaderIssue(name: string): string | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return `'${name}' is not the name of a request header`;
  return taken.test(name) ? `the request header '${name}' is set by littoral` : undefined;
}
