import { type Explanation, explainCalls, losesAnswers } from './explain-calls.ts';
import { grouped } from './grouped.ts';
import type { DeadLetterSeen, HandlerCall, Ledger, SentMessage } from './ledger.ts';
import { isMissed } from './missed-events.ts';

/** Something that must never be. */
export interface Violation {
  readonly mark: string;
  readonly what: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** How often handlers were called once more, by the reason. */
  readonly duplicates: Readonly<Record<string, number>>;
  readonly handled: number;
  readonly retried: number;
  /** Number of times that an endpoint missed an event because its service was not bound. */
  readonly missed: number;
}

/** Holds what was promised against what was seen. */
export function checkLedger(ledger: Ledger): Verdict {
  const violations: Violation[] = [];
  const calls = grouped(ledger.calls, ({ mark }) => mark);
  const deadLetters = grouped(ledger.deadLetters, ({ mark }) => mark);
  const duplicates: Record<string, number> = {};
  let retried = 0;
  let missed = 0;

  const known = new Set(ledger.sent.map(({ mark }) => mark));
  for (const mark of new Set([...calls.keys(), ...deadLetters.keys()])) {
    if (!known.has(mark)) violations.push({ mark, what: 'invented: nobody sent it' });
  }
  for (const message of ledger.sent) {
    const seen = { calls: calls.get(message.mark) ?? [], deadLetters: deadLetters.get(message.mark) ?? [] };
    const find = (what: string) => violations.push({ mark: message.mark, what });
    const lacking = endpointsLacking(message, seen);
    const unexplained = lacking.filter((endpoint) => !isMissed(message, serviceOf(endpoint), seen.calls, ledger.gaps));
    missed += lacking.length - unexplained.length;
    for (const endpoint of unexplained) find(`lost: not handled by ${endpoint}`);
    for (const what of findingsOf(message, seen)) find(what);
    for (const what of unhandledLetterFindings(message, seen, ledger)) find(what);
    for (const [endpoint, ofEndpoint] of grouped(seen.calls, (call) => call.endpoint)) {
      const inOrder = ofEndpoint.toSorted((one, other) => one.begunAt - other.begunAt);
      for (const explanation of explainCalls(message, inOrder, ledger.faults)) {
        if (explanation === 'none') find(`an unexplained duplicate: ${endpoint} was called again`);
        else if (explanation === 'retried after a failure') retried += 1;
        else if (explanation !== 'the first') duplicates[explanation] = (duplicates[explanation] ?? 0) + 1;
      }
      for (const what of deadLetterFindings(endpoint, inOrder, seen.deadLetters, message, ledger)) find(what);
    }
  }
  const handled = ledger.calls.filter(({ outcome }) => outcome === 'succeeded').length;
  return { violations, duplicates, handled, retried, missed };
}

interface Seen {
  readonly calls: readonly HandlerCall[];
  readonly deadLetters: readonly DeadLetterSeen[];
}

/** Returns the recipients of an accepted message that have neither handled it nor left a dead letter. */
function endpointsLacking({ attempts, endpoints }: SentMessage, { calls, deadLetters }: Seen): string[] {
  if (!attempts.some(({ outcome }) => outcome === 'accepted')) return [];
  return endpoints.filter((endpoint) => {
    const isHandled = calls.some((call) => call.endpoint === endpoint && call.outcome === 'succeeded');
    return !isHandled && !deadLetters.some((letter) => isOf(letter, endpoint));
  });
}

function* findingsOf(message: SentMessage, { calls, deadLetters }: Seen): Generator<string> {
  const { attempts, endpoints, unhandleable, delayMs } = message;
  const accepted = attempts.filter(({ outcome }) => outcome === 'accepted');
  const arrived = attempts.filter(({ outcome }) => outcome !== 'not-accepted');

  if (arrived.length === 0 && calls.length > 0) yield 'handled, though every request for it was refused';
  if (arrived.length === 0 && deadLetters.length > 0) yield 'a dead letter, though every request for it was refused';

  const isLost = accepted.length > 0 && unhandleable && deadLetters.length === 0;
  if (isLost) yield 'lost: neither handled nor in a dead letter queue';

  for (const endpoint of new Set(calls.map((call) => call.endpoint))) {
    if (!endpoints.includes(endpoint)) yield `handled by ${endpoint}, which it was not sent to`;
  }
  for (const { endpoint, reason } of deadLetters) {
    const failed = calls.some((call) => call.endpoint === endpoint && call.outcome === 'failed');
    if (!failed && !unhandleable) yield `a dead letter though nothing failed (${endpoint ?? 'no endpoint'}): ${reason}`;
  }

  const ids = new Set(accepted.map(({ messageId }) => messageId));
  if (ids.size > 1) yield `one idempotency key had several ids: ${[...ids].join(', ')}`;
  for (const id of [...calls, ...deadLetters].map(({ messageId }) => messageId)) {
    if (ids.size > 0 && !ids.has(id)) yield `its id is ${id}; the caller was told ${[...ids].join(', ')}`;
  }
  for (const { exact } of [...calls, ...deadLetters]) {
    if (exact !== message.exact) yield `its values are ${exact}; those that were sent are ${message.exact}`;
  }
  for (const { bodyMark } of calls) if (bodyMark !== message.mark) yield `came with the body of ${bodyMark}`;

  const firstCall = Math.min(...calls.map(({ begunAt }) => begunAt));
  const earliest = Math.min(...arrived.map(({ sentAt }) => sentAt)) + delayMs;
  if (delayMs > 0 && firstCall < earliest) yield `handled ${Math.ceil(earliest - firstCall)} ms before it was due`;
}

/** Each dead letter of a handler needs a call that failed; what failed in vain twice needs a reason as any duplicate. */
function* deadLetterFindings(
  endpoint: string,
  calls: readonly HandlerCall[],
  deadLetters: readonly DeadLetterSeen[],
  message: SentMessage,
  ledger: Ledger,
): Generator<string> {
  const letters = deadLetters.filter((letter) => letter.endpoint === endpoint).length;
  const failed = calls.filter(({ outcome }) => outcome === 'failed').length;
  if (letters <= Math.min(1, failed)) return;
  const explanations: Explanation[] = explainCalls(message, calls, ledger.faults);
  const duplicates = explanations.filter((each) => each !== 'the first' && each !== 'retried after a failure').length;
  const again = timesPublishedAgain(message, ledger);
  if (letters > 1 + duplicates + again) yield `${letters} dead letters of ${endpoint}, and ${duplicates} duplicates`;
}

/** A failure before the handler look-up has no calls that could explain a second dead letter. */
function* unhandledLetterFindings(message: SentMessage, { deadLetters }: Seen, ledger: Ledger): Generator<string> {
  const letters = deadLetters.filter(({ endpoint }) => endpoint === undefined).length;
  const sentAt = message.attempts[0]?.sentAt ?? 0;
  const arrivals = message.attempts.filter(({ outcome }) => outcome !== 'not-accepted').length;
  if (letters <= Math.max(1, arrivals) || ledger.faults.some((fault) => losesAnswers(fault) && fault.until >= sentAt))
    return;
  yield `${letters} dead letters without an endpoint, and no fault that explains them`;
}

/** A dead letter that was set aside is published twice if the confirm or the acknowledgement was lost. */
function timesPublishedAgain({ attempts }: SentMessage, { setAside, faults }: Ledger): number {
  const ids = new Set(attempts.map(({ messageId }) => messageId));
  return setAside.filter(
    ({ messageId, at }) => ids.has(messageId) && faults.some((fault) => losesAnswers(fault) && fault.until >= at),
  ).length;
}

function serviceOf(endpoint: string): string {
  return endpoint.split(':')[0] as string;
}

/** What the broker moved, or what failed before a handler was found, stands for every handler of its service. */
function isOf({ endpoint, queue }: DeadLetterSeen, of: string): boolean {
  return endpoint === undefined ? queue === `distributed_${serviceOf(of)}_dead_letter` : endpoint === of;
}
