import { type Agent, request as httpRequest } from 'node:http';
import { ledgerTime, type RequestAttempt } from './ledger.ts';
import type { PlannedRequest } from './load.ts';

/** The ways to send many messages with one request. */
export type ManyWay = 'batch' | 'stream';

// Longer than the gateways wait for a confirm, and than a stream is held while the broker restarts.
const timeoutMs = { batch: 30_000, stream: 60_000 } as const;

/** Returns whether a request can also be an entry: mistakes are those of requests of their own. */
export function isEntry({ status, path }: PlannedRequest): boolean {
  return status === 202 && /^\/(commands|events)\//.test(path);
}

/** Sends requests as the entries of a batch or a stream, and says how each ended. Never rejects. */
export function sendMany(
  agent: Agent,
  address: string,
  way: ManyWay,
  requests: readonly PlannedRequest[],
): Promise<RequestAttempt[]> {
  const sentAt = ledgerTime();
  const isBatch = way === 'batch';
  const entries = requests.map(toEntry);
  const body = isBatch ? `{"entries":[${entries.join(',')}]}` : `${entries.join('\n')}\n`;
  return new Promise((resolve) => {
    const outgoing = httpRequest(`${address}/${way}`, {
      method: 'POST',
      ...(isBatch ? { agent } : {}),
      headers: { 'content-type': isBatch ? 'application/json' : 'application/x-ndjson' },
      signal: AbortSignal.timeout(timeoutMs[way]),
    });
    let status: number | undefined;
    let text = '';
    let code: string | undefined;
    const end = () => {
      const answer = isBatch ? readBatch(text, status) : readStream(text, status);
      resolve(
        requests.map((_, index) => ({ sentAt, answeredAt: ledgerTime(), ...(answer(index) ?? unanswered(code)) })),
      );
    };
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
      end();
    });
    outgoing.on('response', (response) => {
      status = response.statusCode;
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('error', (error: NodeJS.ErrnoException) => {
        code = error.code;
      });
      response.on('close', end);
    });
    outgoing.end(body);
  });
}

/** Writes an entry with the payload and the headers of a request, as they are. */
function toEntry({ path, headers, body }: PlannedRequest): string {
  const [, kind, ...rest] = path.split('/');
  const [first = '', routingKey = first] = rest.map(decodeURIComponent);
  const address =
    kind === 'events' ? { kind: 'event', routingKey } : { kind: 'command', destination: first, routingKey };
  const { 'idempotency-key': idempotencyKey, 'message-delay': delay, 'message-header-mark': mark } = headers;
  const options = { ...address, idempotencyKey, ...(delay === undefined ? {} : { delayMs: Number(delay) }) };
  const own = (headers['message-headers'] ?? '{}')
    .replace(/^\{/, `{"mark":${JSON.stringify(mark)},`)
    .replace(/,\}$/, '}');
  return `${JSON.stringify(options).slice(0, -1)},"headers":${own},"payload":${body}}`;
}

type Answer = Omit<RequestAttempt, 'sentAt' | 'answeredAt'>;

function unanswered(code: string | undefined): Answer {
  return { status: undefined, code, outcome: code === 'ECONNREFUSED' ? 'not-accepted' : 'unknown' };
}

function readBatch(text: string, status: number | undefined): (index: number) => Answer | undefined {
  try {
    const parsed = JSON.parse(text);
    // A problem of the request is that of all its entries.
    return (index) => toAnswer(parsed.results ? parsed.results[index] : parsed, status);
  } catch {
    return () => undefined;
  }
}

/** An entry without a result may have been sent, unless a last line says that it was not. */
function readStream(text: string, status: number | undefined): (index: number) => Answer | undefined {
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  const last = lines.find(({ notice }) => notice === 'end');
  const results = new Map(lines.filter(({ notice }) => notice === undefined).map((line) => [line.index, line]));
  if (status !== undefined && status !== 200) return () => readBatch(text, status)(0);
  return (index) => {
    if (results.has(index)) return toAnswer(results.get(index), status);
    return last ? { status: 503, code: 'draining', outcome: 'not-accepted' } : undefined;
  };
}

// biome-ignore lint/suspicious/noExplicitAny: whatever JSON the gateway answered
function toAnswer(result: any, status: number | undefined): Answer | undefined {
  if (result?.status === 202) return { status: 202, messageId: result.messageId, outcome: 'accepted' };
  const { code, messageId, outcome } = result ?? {};
  if (outcome !== 'not-accepted' && outcome !== 'unknown') return undefined;
  return { status: result.status ?? status, code, messageId, outcome };
}
