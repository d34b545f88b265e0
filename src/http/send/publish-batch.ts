import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SendResult } from '../../bus/ordered-sends.ts';
import type { SendAllOptions } from '../../bus/send-list.ts';
import type { SendReceipt } from '../../bus/send-receipt.ts';
import type { SendRequest } from '../../bus/send-request.ts';
import { isLittoralError, LittoralError } from '../../errors.ts';
import { invokeInScope, NoDeadline } from '../../handler/invocation-scope.ts';
import { methodInvoker } from '../../handler/method-invoker.ts';
import type { Message } from '../../message/message.ts';
import { payload } from '../../parameter/payload.ts';
import { errorFields } from '../../text/error-chain.ts';
import { WorkSlices } from '../../time/work-slices.ts';
import type { Access } from '../auth/access.ts';
import type { BodyMemory } from '../body/body-memory.ts';
import type { Batch } from '../entries/batch.ts';
import { sendingError } from '../entries/entry-error.ts';
import { acceptedResult } from '../entries/entry-result.ts';
import type { Places } from '../entries/place-queue.ts';
import { withoutDetails } from '../insiders.ts';
import { asLittoralError, internalError, toProblem } from '../problem.ts';
import { assertHasParent, isStrict, noSubscriber, type PublishContext } from './publish-route.ts';

export interface BatchRoute {
  readonly url: string;
  /** Reads what to send from a request. */
  readonly read: (request: FastifyRequest) => Message<Batch> | Promise<Message<Batch>>;
  /** True if `Prefer: handling=strict` checks all messages before the first one is sent. */
  readonly canCheckFirst: boolean;
}

export interface BatchContext {
  readonly publishing: PublishContext;
  /** The memory of all bodies. Answers count as well. */
  readonly memory: BodyMemory;
  /** Returns whether a caller may see details of the setup. */
  readonly isInsider: (request: FastifyRequest) => boolean;
}

/** Size of the smallest entry in bytes, with the separator before the next one. */
const minEntryBytes = 2;

/**
 * Returns the handler of requests that carry several messages. Each message is published for itself, in the order of the
 * body.
 */
export function batchHandler(
  { url, read, canCheckFirst }: BatchRoute,
  { publishing, memory, isInsider }: BatchContext,
) {
  const { bus, parameters, channel, scopes, isDraining, batchRoom, batchLimits, access, limits } = publishing;
  const site = { ...parameters, handler: `route POST ${url}` };
  const invoker = methodInvoker([payload()], (batch: CheckedBatch) => sendBatch(batch, bus), site);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (isDraining()) assertHasParent(request);
    const bytes = (request.body as Uint8Array | undefined)?.byteLength ?? 0;
    const room = await batchRoom.enter(Math.min(Math.ceil(bytes / minEntryBytes), batchLimits.maxEntries));
    try {
      return await handle(request, reply, room);
    } finally {
      room.release();
    }
  };

  async function handle(request: FastifyRequest, reply: FastifyReply, room: Places): Promise<FastifyReply> {
    if (reply.raw.destroyed) return reply.hijack();
    const { headers, payload } = await read(request);
    room.shrinkTo(payload.entries.length);
    const batch = access ? grantedEntries(payload, request, access) : payload;
    limits?.countEntries(request, reply, batch.entries);
    const strict = isStrict(request);
    const checked = { ...batch, checkFirst: canCheckFirst && strict };
    const release = await batchRoom.reserve(batch.entries.length);
    let outcomes: readonly SendResult[];
    try {
      // Nothing was sent, and the caller can no longer read the reason.
      if (reply.raw.destroyed) return reply.hijack();
      const scope = scopes.open({ message: { headers, payload: checked }, deadline: new NoDeadline() });
      outcomes = (await invokeInScope(invoker, scope)) as readonly SendResult[];
    } finally {
      release();
    }
    logUnexpected(outcomes, request);
    const shown = await shownErrors(outcomes, batch, strict, isInsider(request));
    if (checked.checkFirst) assertSomeSent(outcomes, shown);
    const { status, results } = await writeResults(outcomes, shown, batch.firstIndex);
    const retryAfterSeconds = status === 207 ? undefined : shown[0]?.kind.retryAfterSeconds;
    if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
    reply.code(status).type('application/json');
    countUntilClosed(results.length, reply, memory);
    return reply.serializer(asWritten).send(`{"channel":${JSON.stringify(channel)},"results":[${results}]}`);
  }
}

/** Counts the memory of an answer until its caller has read it. */
function countUntilClosed(bytes: number, { raw }: FastifyReply, memory: BodyMemory): void {
  if (raw.destroyed) return;
  memory.add(bytes);
  raw.once('close', () => memory.release(bytes));
}

/** Replaces each entry that the caller may not send by the reason. */
function grantedEntries({ entries, ...rest }: Batch, request: FastifyRequest, access: Access): Batch {
  return {
    ...rest,
    entries: entries.map((entry, index) => {
      try {
        if (!isLittoralError(entry)) access.assertGranted(request, entry);
        return entry;
      } catch (error) {
        if (!isLittoralError(error)) throw error;
        return rest.placeOf ? sendingError(error, rest.placeOf(index)) : error;
      }
    }),
  };
}

const asWritten = (text: unknown) => String(text);

/** Returns the error of each entry as its caller may see it; undefined for one that was sent. */
async function shownErrors(outcomes: readonly SendResult[], batch: Batch, strict: boolean, isInside: boolean) {
  const errors: (LittoralError | undefined)[] = [];
  const slices = new WorkSlices();
  for (const [index, outcome] of outcomes.entries()) {
    const error = errorOf(outcome, index, batch, strict);
    errors.push(isInside ? error : error && withoutDetails(error));
    if (slices.isOver) await slices.pause();
  }
  return errors;
}

/** Writes the results of all entries, and returns the status that they have in common, or 207. */
async function writeResults(
  outcomes: readonly SendResult[],
  errors: readonly (LittoralError | undefined)[],
  firstIndex = 0,
): Promise<{ readonly status: number; readonly results: string }> {
  let status: number | undefined;
  let results = '';
  const slices = new WorkSlices();
  for (const [index, { receipt }] of outcomes.entries()) {
    const error = errors[index];
    const problem = error && { index: firstIndex + index, ...toProblem(error) };
    const own = problem?.status ?? 202;
    // RFC 4918 section 13.
    status = status === undefined || status === own ? own : 207;
    if (index > 0) results += ',';
    results += problem ? JSON.stringify(problem) : acceptedResult(firstIndex + index, receipt as SendReceipt);
    if (slices.isOver) await slices.pause();
  }
  return { status: status ?? 202, results };
}

type CheckedBatch = Batch & SendAllOptions;

/** Sends what can be sent, and returns a result for each entry. */
async function sendBatch(
  { entries, checkFirst }: CheckedBatch,
  bus: PublishContext['bus'],
): Promise<readonly SendResult[]> {
  const requests = entries.filter((entry): entry is SendRequest => !isLittoralError(entry));
  // With an entry that is refused already, the others are checked, and not sent.
  const checkOnly = checkFirst === true && requests.length < entries.length;
  const sent = (await bus.sendAll(requests, { checkFirst, checkOnly })).values();
  return entries.map((entry) => (isLittoralError(entry) ? { error: entry } : (sent.next().value as SendResult)));
}

/** @returns undefined for an entry that was sent */
function errorOf(
  { receipt, error }: SendResult,
  index: number,
  { entries, placeOf }: Batch,
  strict: boolean,
): LittoralError | undefined {
  const entry = entries[index];
  if (isLittoralError(entry)) return entry;
  const place = (found: LittoralError) => (placeOf ? sendingError(found, placeOf(index)) : found);
  if (receipt === undefined) return place(isLittoralError(error) ? error : internalError(error));
  return strict && !receipt.routed && entry !== undefined ? place(noSubscriber(entry, receipt)) : undefined;
}

/**
 * Throws one error for a batch of which nothing was sent.
 *
 * @param errors as the caller may see them
 * @throws LittoralError `batch-refused` with the issues of all entries, or an error that the next attempt may not get
 */
function assertSomeSent(outcomes: readonly SendResult[], errors: readonly (LittoralError | undefined)[]): void {
  const isNotSent = ({ error }: SendResult) => isLittoralError(error) && error.outcome === 'not-accepted';
  if (!outcomes.every(isNotSent)) return;
  const own = errors.filter((error): error is LittoralError => error !== undefined && error.code !== 'batch-refused');
  const [first] = own;
  if (first === undefined) return;
  const retryable = own.find((error) => error.retryable);
  if (retryable) throw retryable;
  const issues = own.flatMap((error) => error.issues ?? []).slice(0, maxIssues);
  const others = own.length > 1 ? ` ${own.length - 1} more entries have errors.` : '';
  const detail = `Nothing was sent: ${first.issues?.[0]?.path ?? 'an entry'}: ${first.message}${others}`;
  throw new LittoralError('batch-refused', detail, { issues, cause: first });
}

/** The number of issues that are listed of one batch. */
const maxIssues = 50;

/** An error that only the log explains is logged once, because all entries can have it. */
function logUnexpected(outcomes: readonly SendResult[], { log, routeOptions: { url: route } }: FastifyRequest): void {
  const unexpected = outcomes.find(
    ({ receipt, error }) => receipt === undefined && asLittoralError(error).code === 'internal-error',
  );
  if (unexpected) log.error({ err: errorFields(unexpected.error), route }, 'entry of a batch failed');
}
