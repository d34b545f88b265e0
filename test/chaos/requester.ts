import { setTimeout as delay } from 'node:timers/promises';
import type { RequestAttempt, SentMessage } from './ledger.ts';
import { type PlannedRequest, planRequest } from './load.ts';
import { createRandom } from './random.ts';
import { createAgent, sendRequest } from './request.ts';
import { isEntry, sendMany } from './send-many.ts';

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

  const begin = (request: PlannedRequest): SentMessage => {
    const { mark, kind, endpoints, eventKey, unhandleable, delayMs, exact, deferrable } = request;
    const expected = { endpoints, eventKey, unhandleable, delayMs, exact, deferrable };
    const message: SentMessage = { mark, kind, ...expected, attempts: [] };
    sent.push(message);
    return message;
  };

  /** Notes how an attempt ended. @returns whether to make another one */
  const note = (request: PlannedRequest, message: SentMessage, answer: RequestAttempt): boolean => {
    const { mark, kind } = request;
    message.attempts.push(answer);
    const { status = 0, code } = answer;
    if (status !== 0 && status < 500 && status !== 429 && status !== request.status) {
      wrongAnswers.push(`${mark} (${kind}) was answered ${status} ${code ?? ''}, expected ${request.status}`);
    }
    const isOpen = answer.outcome === 'unknown' || status === 503 || status === 429 || status === 0;
    return request.repeated && isOpen && message.attempts.length < attemptsAtMost;
  };

  const lane = async (number: number) => {
    const random = createRandom(seed + 7919 * (number + 1));
    const plan = () => planRequest(`${round}-${number}-${sent.length}`, random);
    const repeat = async (request: PlannedRequest, message: SentMessage) => {
      do {
        await delay(random.between(50, 500));
      } while (note(request, message, await sendRequest(agent, random.pick(addresses), request)));
    };
    while (!stopped) {
      const group: { request: PlannedRequest; message: SentMessage }[] = [];
      // Such a request stands for several messages, so that a third of the messages comes by a batch or a stream.
      const size = random.chance(0.1) ? random.between(2, 8) : 1;
      while (group.length < size) {
        const request = plan();
        group.push({ request, message: begin(request) });
      }
      const many = group.filter(({ request }) => size > 1 && isEntry(request));
      const way = random.chance(0.5) ? 'batch' : 'stream';
      const requests = many.map(({ request }) => request);
      const answers = many.length === 0 ? [] : await sendMany(agent, random.pick(addresses), way, requests);
      const open = many.filter(({ request, message }, index) =>
        note(request, message, answers[index] as RequestAttempt),
      );
      for (const { request, message } of group) {
        if (requests.includes(request)) continue;
        const answer = await sendRequest(agent, random.pick(addresses), request);
        if (note(request, message, answer)) open.push({ request, message });
      }
      for (const { request, message } of open) await repeat(request, message);
      // Refusals come at once; without a pause they would only heat the machine.
      for (const { message } of group) {
        const isAccepted = message.attempts.at(-1)?.outcome === 'accepted';
        if (isAccepted) accepted += 1;
        await delay(random.next() * 2 * (isAccepted ? pauseMs : Math.max(pauseMs, 50)));
      }
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
