import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../broker/eventually.ts';
import { emptyCallLog, readCalls } from './call-log.ts';
import { checkLedger, type Violation } from './check-ledger.ts';
import type { Environment } from './environment.ts';
import type { FaultKind, PlannedFault } from './fault-plan.ts';
import { forgottenBindings } from './forgotten-bindings.ts';
import { injectFault } from './inject-fault.ts';
import { type BindingGap, type Ledger, ledgerTime, type ObservedFault } from './ledger.ts';
import { type Requester, startRequester } from './requester.ts';
import { takeDeadLetters } from './take-dead-letters.ts';

export interface RoundOptions {
  readonly seed: number;
  readonly plan: readonly PlannedFault[];
  readonly lanes: number;
  readonly pauseMs: number;
  /** How long all is well before the first fault. */
  readonly warmUpMs: number;
  /** How many messages must be accepted between two faults, however long that takes a slow machine. */
  readonly minAccepted: number;
  /** How long the last messages may take to come to their end. */
  readonly settleMs: number;
  /** Called when the first messages have gone through. */
  readonly onWarm?: () => Promise<void>;
  /** Told what happens. */
  readonly log: (line: string) => void;
}

/** What a round has shown. */
export interface Round {
  readonly ledger: Ledger;
  readonly verdict: ReturnType<typeof checkLedger>;
  /** With all that is known of the messages that they are about. */
  readonly violations: readonly string[];
}

/**
 * After a fault, what was under way can still come a moment after everybody is ready again. A gateway that a busy
 * machine has stopped in that moment gets longer: until it has read what had arrived.
 */
const graceMs = 1000;

/** The faults that kill a node which may not have written the latest declarations to its disk. */
const brokerKills: ReadonlySet<FaultKind> = new Set([
  'broker killed',
  'leader killed',
  'node killed',
  'all nodes killed',
]);

/** Load and faults, then calm, then the reckoning. */
export async function runRound(environment: Environment, options: RoundOptions): Promise<Round> {
  const { seed, plan, lanes, pauseMs, warmUpMs, minAccepted, settleMs, log } = options;
  const addresses = environment.gateways.map(({ address }) => address);
  const requester = startRequester({ seed, round: String(seed), addresses, lanes, pauseMs });
  const findings: string[] = [];
  const faults: { -readonly [Name in keyof ObservedFault]: ObservedFault[Name] }[] = [];
  const overs: Promise<void>[] = [];
  const gaps: BindingGap[] = [];
  try {
    await delay(warmUpMs);
    await options.onWarm?.();
    let acceptedBefore = 0;
    for (const together of inTurns(plan)) {
      await delay(together[0]?.afterMs);
      await untilAccepted(requester, acceptedBefore + minAccepted, settleMs);
      const from = ledgerTime();
      log(together.map(({ kind, target, holdMs }) => `${kind} (${target}, ${holdMs} ms)`).join(' and '));
      gaps.push(...(await Promise.all(together.map((fault) => injectFault(environment, fault)))).flat());
      await environment.untilReady();
      if (together.some(({ kind }) => brokerKills.has(kind))) {
        gaps.push(...forgottenBindings(gaps, { from, until: ledgerTime() }));
      }
      acceptedBefore = requester.accepted;
      const until = ledgerTime() + graceMs;
      const seen = together.map(({ kind, target }) => ({ kind, target, from, until }));
      faults.push(...seen);
      const over = async () => {
        await delay(graceMs);
        await Promise.all(environment.gateways.map((gateway) => gateway.untilRead()));
        for (const fault of seen) fault.until = Math.max(until, ledgerTime());
      };
      overs.push(over());
    }
    await Promise.all(overs);
  } finally {
    await requester.stop();
  }
  log(`settling after ${requester.sent.length} messages`);
  try {
    await untilQuiet(environment, settleMs);
  } catch (error) {
    findings.push(`it does not come to an end: ${error instanceof Error ? error.message : error}`);
  }

  const services = [...new Set(environment.gateways.map(({ service }) => service))];
  const deadLetters = await Promise.all(services.map((service) => takeDeadLetters(environment.vhost.url, service)));
  const calls = readCalls(environment.callLog);
  emptyCallLog(environment.callLog);
  const setAside = environment.gateways.flatMap((gateway) => gateway.setAside.splice(0));
  const ledger = { sent: requester.sent, calls, deadLetters: deadLetters.flat(), faults, gaps, setAside };
  const verdict = checkLedger(ledger);
  findings.push(...requester.wrongAnswers, ...environment.gateways.flatMap((gateway) => gateway.findings.splice(0)));
  const violations = [...findings, ...verdict.violations.map((violation) => historyOf(violation, ledger, environment))];
  for (const gateway of environment.gateways) gateway.trimLog();
  return { ledger, verdict, violations };
}

/** The faults one after the other, but for those that begin at once. */
function inTurns(plan: readonly PlannedFault[]): PlannedFault[][] {
  const turns: PlannedFault[][] = [];
  for (const fault of plan) {
    const last = turns.at(-1);
    if (fault.atOnce && last) last.push(fault);
    else turns.push([fault]);
  }
  return turns;
}

async function untilAccepted(requester: Requester, count: number, timeoutMs: number): Promise<void> {
  const look = () => {
    if (requester.accepted < count) throw new Error(`only ${requester.accepted} of ${count} messages were accepted`);
  };
  await eventually(look, { timeoutMs, intervalMs: 20 });
}

/** Nothing waits in any queue but the dead letters, no handler runs, and it stays so. */
async function untilQuiet({ vhost, callLog }: Environment, timeoutMs: number): Promise<void> {
  let quietSince: number | undefined;
  const look = async () => {
    const waiting = (await vhost.queues()).filter(({ name, messages }) => !name.endsWith('_dead_letter') && messages);
    const isQuiet = waiting.length === 0;
    quietSince = isQuiet ? (quietSince ?? ledgerTime()) : undefined;
    if (!isQuiet) throw new Error(waiting.map(({ name, messages }) => `${messages} in ${name}`).join(', '));
    // Queues tell how much they hold only now and then, see `environment.ts`.
    if (ledgerTime() - (quietSince ?? 0) < 2000) throw new Error('quiet for a moment only');
  };
  await eventually(look, { timeoutMs, intervalMs: 100 });
  await eventually(() => {
    // A handler whose process was killed does not end either, but a later one has.
    const running = readCalls(callLog).filter(
      ({ outcome, begunAt }) => outcome === 'begun' && ledgerTime() - begunAt < 500,
    );
    if (running.length > 0) throw new Error(`${running.length} handlers run`);
  });
}

function historyOf({ mark, what }: Violation, ledger: Ledger, environment: Environment): string {
  const { sent, calls, deadLetters, faults, gaps } = ledger;
  const of = <T extends { readonly mark: string }>(list: readonly T[]) => list.filter((each) => each.mark === mark);
  const events: [number, string][] = [];
  let shownId: string | undefined;
  for (const { kind, attempts, delayMs } of of(sent)) {
    for (const { sentAt, answeredAt, ...answer } of attempts) {
      shownId ??= answer.messageId;
      events.push([sentAt, `request (${kind}${delayMs > 0 ? `, ${delayMs} ms` : ''})`], [answeredAt, show(answer)]);
    }
  }
  for (const call of of(calls)) {
    const { endpoint, begunAt, endedAt, retry, process, outcome } = call;
    shownId ??= call.messageId;
    events.push([begunAt, `${endpoint} is called in process ${process}, retry ${retry}`]);
    if (endedAt !== undefined) events.push([endedAt, `${endpoint} has ${outcome} in process ${process}`]);
  }
  const [from, until] = [Math.min(...events.map(([at]) => at)) - 5000, Math.max(...events.map(([at]) => at)) + 5000];
  for (const { kind, target, ...window } of faults) {
    if (window.from > until || window.until < from) continue;
    events.push([window.from, `${kind} (${target})`], [window.until, `${kind} is over`]);
  }
  for (const { service, key, ...window } of gaps) {
    if (window.from > until || window.until < from) continue;
    events.push([window.until, `${service} is bound by '${key}' again, not since ${window.from.toFixed(1)}`]);
  }
  events.sort(([one], [other]) => one - other);
  const lines = [
    ...events.map(([at, text]) => `${at.toFixed(1)} ${text}`),
    ...of(deadLetters).map((letter) => `dead letter: ${show({ ...letter })}`),
    ...environment.gateways.flatMap((gateway) => gateway.logLines(shownId ?? mark)),
  ];
  return [`${mark} (id ${shownId ?? 'not known'}): ${what}`, ...lines].join('\n    ');
}

function show(of: Readonly<Record<string, unknown>>): string {
  const known = Object.entries(of).filter(([, value]) => value !== undefined);
  return known.map(([name, value]) => `${name} ${String(value)}`).join(', ');
}
