import { isLittoralError, LittoralError } from '../errors.ts';
import { WorkSlices } from '../time/work-slices.ts';
import { dropped, type OrderedBus, OrderedSends, type PreparedSend, type SendResult } from './ordered-sends.ts';
import type { SendRequest } from './send-request.ts';

/** Options of `DistributedBus.sendAll`. */
export interface SendAllOptions {
  /**
   * True if all messages are checked before the first one is sent: if one has an error, none is sent, and the others
   * get the error `batch-refused`. Default: false.
   */
  readonly checkFirst?: boolean | undefined;
  /**
   * True if the messages are checked and none is sent: those without an error get the error `batch-refused`. Default:
   * false.
   */
  readonly checkOnly?: boolean | undefined;
}

/**
 * Sends the messages of a list in their order.
 *
 * @returns a result for each request. After an error that concerns the broker, no further message is sent
 */
export async function sendInOrder(
  requests: readonly SendRequest[],
  bus: OrderedBus,
  { checkFirst = false, checkOnly = false }: SendAllOptions = {},
): Promise<readonly SendResult[]> {
  const results: SendResult[] = [];
  const sends = new OrderedSends(bus);
  const slices = new WorkSlices();
  const prepared = checkFirst || checkOnly ? await prepareAll(requests, bus, slices) : [];
  const isRefused = checkOnly || prepared.some((each) => 'error' in each);
  if (isRefused) return prepared.map((each) => ('error' in each ? each : dropped(each, refusedWithOthers())));
  for (const [index, request] of requests.entries()) {
    const onResult = (result: SendResult) => {
      results[index] = result;
    };
    const ready = prepared[index];
    const isFree =
      ready === undefined || 'error' in ready ? sends.push(request, onResult) : sends.publish(ready, onResult);
    if (isFree instanceof Promise) await isFree;
    if (slices.isOver) await slices.pause();
  }
  await sends.settle();
  return results;
}

async function prepareAll(
  requests: readonly SendRequest[],
  { prepare }: OrderedBus,
  slices: WorkSlices,
): Promise<readonly (PreparedSend | { readonly error: unknown })[]> {
  const prepared: (PreparedSend | { readonly error: unknown })[] = [];
  let ofBroker: LittoralError | undefined;
  for (const request of requests) {
    // The broker did not answer a lookup of a destination. The next lookup would take as long.
    prepared.push(ofBroker ? { error: ofBroker } : await preparedOrError(request, prepare));
    const { error } = (prepared.at(-1) ?? {}) as { error?: unknown };
    if (isLittoralError(error) && error.retryable) ofBroker = error;
    if (slices.isOver) await slices.pause();
  }
  return prepared;
}

async function preparedOrError(
  request: SendRequest,
  prepare: OrderedBus['prepare'],
): Promise<PreparedSend | { readonly error: unknown }> {
  try {
    return await prepare(request);
  } catch (error) {
    return { error };
  }
}

function refusedWithOthers(): LittoralError {
  return new LittoralError('batch-refused', 'Nothing was sent, because another message of the list has an error.');
}
