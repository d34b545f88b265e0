import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import {
  type ApplicationConfig,
  defineCommandHandler,
  defineConfig,
  defineEventHandler,
  type MessageHeaders,
} from 'littoral';
import Type from 'typebox';
import { logCall } from './call-log.ts';
import { exactDigest } from './exact-values.ts';
import { ledgerTime } from './ledger.ts';

// The services of the chaos test. Which one a process is, and where it notes the calls of its handlers, it is told by
// the environment.
const service = process.env.SERVICE_NAME ?? 'billing';
/** Two versions of billing run side by side: the next one handles more. */
const isNextVersion = process.env.CHAOS_VERSION === 'next';
const ledgerFile = process.env.CHAOS_LEDGER ?? '';

const Body = Type.Object({ mark: Type.String(), exact: Type.Unknown() });

/** Notes every call, takes a moment, and fails where `fails` says so. */
function recording(endpoint: string, fails: (mark: string, retry: number) => boolean = () => false) {
  return async (body: { mark: string; exact: unknown }, headers: MessageHeaders) => {
    const mark = String(headers.mark);
    const retry = Number(headers.ecotone_retry_number ?? 0);
    const exact = exactDigest(body.exact, headers);
    const messageId = String(headers.id);
    const ended = logCall(ledgerFile, { mark, bodyMark: body.mark, messageId, exact, endpoint, retry });
    await delay(crc32(`${mark} takes`) % 10);
    const failed = fails(mark, retry);
    ended(failed ? 'failed' : 'succeeded');
    if (failed) throw new Error(`${endpoint} fails on purpose`);
  };
}

/** One in ten at each attempt, and one in forty always. The same at each redelivery and in each process. */
function failsAtRandom(mark: string, retry: number): boolean {
  return crc32(`${mark} always`) % 40 === 0 || crc32(`${mark} attempt ${retry}`) % 10 === 0;
}

const handlersOf = {
  billing: [
    defineCommandHandler({ routingKey: 'pay', distributed: true, payload: Body, handle: recording('billing:pay') }),
    defineEventHandler({
      routingKey: 'order.*',
      endpointId: 'steady',
      distributed: true,
      payload: Body,
      handle: recording('billing:steady'),
    }),
    defineEventHandler({
      routingKey: 'order.*',
      endpointId: 'flaky',
      distributed: true,
      payload: Body,
      handle: recording('billing:flaky', failsAtRandom),
    }),
  ],
  nextBilling: [
    defineCommandHandler({
      routingKey: 'refund',
      distributed: true,
      payload: Body,
      handle: recording('billing:refund'),
    }),
    defineEventHandler({
      routingKey: 'parcel.sent',
      endpointId: 'parcel',
      distributed: true,
      payload: Body,
      handle: recording('billing:parcel', failsAtRandom),
    }),
  ],
};

/** The services without functions: their applications are in the process of the run. */
const applications: Readonly<Record<string, ApplicationConfig>> = {
  shop: { url: process.env.APPLICATION ?? '', events: { 'order.placed': { endpointId: 'audit' } }, holdMs: 1000 },
  ledger: { pull: true, events: { 'order.placed': { endpointId: 'book' } } },
};

process.on('SIGUSR2', async () => {
  // What finalizers let go of is free only after the next collection.
  for (let collection = 0; collection < 3; collection++) {
    globalThis.gc?.();
    await delay(20);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ memory: { rss, heapUsed, external, at: ledgerTime() } })}\n`);
});

const { billing, nextBilling } = handlersOf;
const billingHandlers = isNextVersion ? [...billing, ...nextBilling] : billing;

export default defineConfig({
  service,
  handlers: service === 'billing' ? billingHandlers : [],
  ...(applications[service] && { application: applications[service] }),
  // A version whose connection was cut must not seem to be gone for good.
  unhandled: { commands: service === 'billing' ? 'defer' : 'auto' },
  // Restores what is deleted sooner than the default does, so that a run sees it more often.
  broker: { heartbeatSeconds: 1, confirmTimeoutMs: 3000, connectTimeoutMs: 3000, topologyCheckMs: 1500 },
  untypedLargeIntegers: 'bigint',
  shutdownTimeoutMs: 5000,
  retries: { maxAttempts: 3, initialDelayMs: 200, multiplier: 2 },
});
