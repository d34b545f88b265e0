import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SendResult } from '../bus/ordered-sends.ts';
import type { SendReceipt } from '../bus/send-receipt.ts';
import type { SendRequest } from '../bus/send-request.ts';
import { isLittoralError, type LittoralError } from '../errors.ts';
import { invokeInScope, NoDeadline } from '../handler/invocation-scope.ts';
import { methodInvoker } from '../handler/method-invoker.ts';
import { payload } from '../parameter/payload.ts';
import { errorFields } from '../text/error-chain.ts';
import { type Batch, batchToMessage } from './batch-to-message.ts';
import { withoutDetails } from './insiders.ts';
import { asLittoralError, internalError, type Problem, toProblem } from './problem.ts';
import { assertHasParent, isStrict, noSubscriber, type PublishContext } from './publish-route.ts';

/** The result of one entry: the receipt, or the problem. */
type EntryResult =
  | (SendReceipt & { readonly index: number; readonly status: 202 })
  | (Problem & { readonly index: number });

/**
 * Returns the handler of requests that carry several messages. Each message is published for itself, in the order of the
 * body.
 *
 * @param isInsider returns whether a caller may see details of the setup
 */
export function batchHandler(
  url: string,
  { bus, parameters, mapping, channel, scopes, isDraining }: PublishContext,
  isInsider: (request: FastifyRequest) => boolean,
) {
  const site = { ...parameters, handler: `route POST ${url}` };
  const invoker = methodInvoker([payload()], (batch: Batch) => sendBatch(batch, bus), site);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (isDraining()) assertHasParent(request);
    const { rawHeaders } = request.raw;
    const message = batchToMessage({ rawHeaders, body: request.body as Uint8Array | undefined }, mapping);
    const scope = scopes.open({ message, deadline: new NoDeadline() });
    const outcomes = (await invokeInScope(invoker, scope)) as readonly SendResult[];
    logUnexpected(outcomes, request);
    const { entries } = message.payload;
    const strict = isStrict(request);
    const errors = outcomes.map((outcome, index) => errorOf(outcome, entries[index], strict));
    const shown = isInsider(request) ? errors : errors.map((error) => error && withoutDetails(error));
    const results = outcomes.map(({ receipt }, index) => toResult(index, receipt, shown[index]));
    const [status = 202, ...others] = new Set(results.map((result) => result.status));
    const retryAfterSeconds = others.length === 0 ? errors[0]?.kind.retryAfterSeconds : undefined;
    if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
    // 207 (RFC 4918 section 13) for results that differ.
    reply.code(others.length === 0 ? status : 207);
    return reply.type('application/json').serializer(JSON.stringify).send({ channel, results });
  };
}

function toResult(index: number, receipt: SendReceipt | undefined, error: LittoralError | undefined): EntryResult {
  if (error) return { index, ...toProblem(error) };
  return { index, status: 202, ...(receipt as SendReceipt) };
}

/** Sends what can be sent, and returns a result for each entry. */
async function sendBatch({ entries }: Batch, bus: PublishContext['bus']): Promise<readonly SendResult[]> {
  const requests = entries.filter((entry): entry is SendRequest => !isLittoralError(entry));
  const sent = (await bus.sendAll(requests)).values();
  return entries.map((entry) => (isLittoralError(entry) ? { error: entry } : (sent.next().value as SendResult)));
}

/** @returns undefined for an entry that was sent */
function errorOf(
  { receipt, error }: SendResult,
  entry: SendRequest | LittoralError | undefined,
  strict: boolean,
): LittoralError | undefined {
  if (receipt === undefined) return isLittoralError(error) ? error : internalError(error);
  const isUnrouted = strict && !receipt.routed && entry !== undefined && !isLittoralError(entry);
  return isUnrouted ? noSubscriber(entry, receipt) : undefined;
}

/** An error that only the log explains is logged once, because all entries can have it. */
function logUnexpected(outcomes: readonly SendResult[], { log, routeOptions: { url: route } }: FastifyRequest): void {
  const unexpected = outcomes.find(
    ({ receipt, error }) => receipt === undefined && asLittoralError(error).code === 'internal-error',
  );
  if (unexpected) log.error({ err: errorFields(unexpected.error), route }, 'entry of a batch failed');
}
