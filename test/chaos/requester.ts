import { setTimeout as delay } from 'node:timers/promises';
import type { SentMessage } from './ledger.ts';
import { planRequest } from './load.ts';
import { createRandom } from './random.ts';
import { createAgent, sendRequest } from './request.ts';

export interface RequesterOptions {
  readonly seed: number;
  /** Begins every mark, so that no two rounds have one in common. */
  readonly round: string;
  /** Where the gateways listen. */
  readonly addresses: readonly string[];
  /** How many requests are under way at most. */
  readonly lanes: number;
  /** How long a lane rests between two requests, on average. */
  readonly pauseMs: number;
}

/** Callers who never rest for long. */
export interface Requester {
  readonly sent: readonly SentMessage[];
  /** How many messages have been answered 202. */
  readonly accepted: number;
  /** Answers that are neither what was asked for nor what a fault explains. */
  readonly wrongAnswers: readonly string[];
  /** Resolves when every request has come to its end. */
  stop(): Promise<void>;
}

const attemptsAtMost = 40;

/** Sends requests of all kinds, until told to stop. */
export function startRequester({ seed, round, addresses, lanes, pauseMs }: RequesterOptions): Requester {
  const agent = createAgent(lanes);
  const sent: SentMessage[] = [];
  const wrongAnswers: string[] = [];
  let accepted = 0;
  let stopped = false;

  const lane = async (number: number) => {
    const random = createRandom(seed + 7919 * (number + 1));
    while (!stopped) {
      const request = planRequest(`${round}-${number}-${sent.length}`, random);
      const { mark, kind, endpoints, eventKey, unhandleable, delayMs, exact, deferrable } = request;
      const expected = { endpoints, eventKey, unhandleable, delayMs, exact, deferrable };
      const message: SentMessage = { mark, kind, ...expected, attempts: [] };
      sent.push(message);
      for (let attempt = 1; ; attempt++) {
        const answer = await sendRequest(agent, random.pick(addresses), request);
        message.attempts.push(answer);
        const { status = 0, code } = answer;
        if (status !== 0 && status < 500 && status !== 429 && status !== request.status) {
          wrongAnswers.push(`${mark} (${kind}) was answered ${status} ${code ?? ''}, expected ${request.status}`);
        }
        const isOpen = answer.outcome === 'unknown' || status === 503 || status === 429 || status === 0;
        if (!request.repeated || !isOpen || attempt === attemptsAtMost) break;
        await delay(random.between(50, 500));
      }
      // Refusals come at once; without a pause they would only heat the machine.
      const isAccepted = message.attempts.at(-1)?.outcome === 'accepted';
      if (isAccepted) accepted += 1;
      await delay(random.next() * 2 * (isAccepted ? pauseMs : Math.max(pauseMs, 50)));
    }
  };

  const running = Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return {
    sent,
    get accepted() {
      return accepted;
    },
    wrongAnswers,
    async stop() {
      stopped = true;
      await running;
      agent.destroy();
    },
  };
}
