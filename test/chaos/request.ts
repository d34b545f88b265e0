import { Agent, request as httpRequest } from 'node:http';
import { ledgerTime, type RequestAttempt } from './ledger.ts';

/** One HTTP request of the load. */
export interface LoadRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// Longer than the gateways wait for a confirm, so that they get to answer.
const timeoutMs = 10_000;

/** Connections are kept open, as a client's are. */
export function createAgent(connections: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: connections });
}

/** Posts, and says how it ended. Never rejects. */
export function sendRequest(agent: Agent, address: string, request: LoadRequest): Promise<RequestAttempt> {
  const sentAt = ledgerTime();
  return new Promise((resolve) => {
    const end = (result: Omit<RequestAttempt, 'sentAt' | 'answeredAt'>) =>
      resolve({ sentAt, answeredAt: ledgerTime(), ...result });
    const outgoing = httpRequest(address + request.path, {
      method: 'POST',
      agent,
      headers: { ...request.headers, 'content-length': Buffer.byteLength(request.body) },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const noAnswer = (error: NodeJS.ErrnoException) =>
      // A connection that was refused carried nothing.
      end({ status: undefined, code: error.code, outcome: error.code === 'ECONNREFUSED' ? 'not-accepted' : 'unknown' });
    outgoing.on('error', noAnswer);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', noAnswer);
      response.on('end', () => end(readAnswer(response.statusCode ?? 0, Buffer.concat(chunks).toString())));
    });
    outgoing.end(request.body);
  });
}

function readAnswer(status: number, text: string): Omit<RequestAttempt, 'sentAt' | 'answeredAt'> {
  try {
    const { messageId, code, outcome } = JSON.parse(text);
    if (status === 202) return { status, messageId, outcome: 'accepted' };
    if (outcome === 'not-accepted' || outcome === 'unknown') return { status, code, messageId, outcome };
  } catch {
    // Handled below.
  }
  return { status, code: 'an answer that is no problem document', outcome: 'unknown' };
}
