import { subscribe } from 'node:diagnostics_channel';

/** A word of payloads and secrets in tests. No log line may contain it. */
export const secretWord = 'hunter2';

/** Minimum length of a watched payload. Shorter ones, such as `{}`, may occur in any line. */
const minPayloadLength = 12;

/** Maximum number of payloads and of lines that are compared in one test. */
const maxPayloads = 100;
const maxLines = 5_000;

const leaks: string[] = [];
const payloads = new Set<string>();
const lines: string[] = [];
let isWatching = false;

/** Inspects each line that pino writes in this process to any destination. */
export function watchLogs(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe('tracing:pino_asJson:end', (call) => {
    const { result } = call as { readonly result?: unknown };
    if (typeof result !== 'string') return;
    inspectOutput(result);
    if (lines.length < maxLines) lines.push(result);
  });
}

/** Inspects the output of another process, such as the log of a gateway. */
export function inspectOutput(text: string): void {
  if (text.includes(secretWord)) leaks.push(text);
}

/** Expects that no line of the current test contains a payload. */
export function watchPayload(payload: string): void {
  if (payload.length >= minPayloadLength && payloads.size < maxPayloads) payloads.add(payload);
}

/** Returns the lines with a secret or a payload since the last call. */
export function takeLeaks(): readonly string[] {
  const quoted = Array.from(payloads, (payload) => JSON.stringify(payload).slice(1, -1));
  const text = lines.join('');
  const logged = quoted.filter((payload) => text.includes(payload));
  const found = lines.filter((line) => logged.some((payload) => line.includes(payload)));
  payloads.clear();
  lines.length = 0;
  return [...leaks.splice(0), ...found];
}
