import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { parseJson } from '../../src/conversion/json/parse-json.ts';
import { logCall } from './call-log.ts';
import { exactDigest } from './exact-values.ts';

/** A message as an application outside of littoral gets it, and the file that its calls are noted in. */
interface OutsideCall {
  readonly callLog: string;
  readonly endpoint: string;
  readonly messageId: string;
  readonly attempt: number;
  /** The headers of the sender. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Outcome = 'succeeded' | 'failed';

/**
 * Notes a call of an application, which takes a moment. One in ten fails at each attempt, and one in forty always.
 *
 * @param signal ends the call early, as one that failed
 */
export async function noteCall(call: OutsideCall, signal?: AbortSignal): Promise<Outcome> {
  const { callLog, endpoint, messageId, attempt, headers, body } = call;
  const { mark: bodyMark, exact: values } = parseJson(body) as { mark: string; exact: unknown };
  const mark = String(headers.mark);
  const retry = attempt - 1;
  const exact = exactDigest(values, headers);
  const ended = logCall(callLog, { mark, bodyMark, messageId, exact, endpoint, retry });
  const isCutShort = await delay(crc32(`${mark} takes`) % 10, false, { signal }).catch(() => true);
  const fails = crc32(`${mark} always`) % 40 === 0 || crc32(`${mark} attempt ${retry}`) % 10 === 0;
  const outcome = isCutShort || fails ? 'failed' : 'succeeded';
  ended(outcome);
  return outcome;
}
