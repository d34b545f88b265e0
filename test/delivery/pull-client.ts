import { expect } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { type Answer, post, type RunningGateway, runGateway } from '../flow/gateway-fixture.ts';

export const key = 'billing.changeDetails';

/** A message as a pull answers it. */
export interface PulledDelivery {
  readonly lease: string;
  readonly endpoint: string;
  readonly message: Readonly<Record<string, unknown>>;
  readonly contentType?: string;
  readonly body?: string;
  readonly bodyBase64?: string;
  readonly attempt: number;
  readonly expiresAt: string;
}

/** A gateway whose application pulls the command `billing.changeDetails`. */
export function runPulled(application: object = {}, settings: object = {}): Promise<RunningGateway> {
  return runGateway({
    service: 'billing',
    application: { pull: true, commands: [key], ...application },
    retries: { maxAttempts: 2, initialDelayMs: 1 },
    ...settings,
  });
}

/** Sends a command to the application. */
export async function send(gateway: RunningGateway, payload: unknown, routingKey = key): Promise<Answer> {
  const answer = await post(gateway, `/commands/billing/${routingKey}`, payload);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  return answer;
}

/** Pulls once. */
export async function pull(gateway: RunningGateway, request: object = {}): Promise<readonly PulledDelivery[]> {
  const answer = await post(gateway, '/deliveries/pull', request);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.deliveries;
}

/** Pulls until there is a message. */
export function pullOne(gateway: RunningGateway, request: object = {}): Promise<PulledDelivery> {
  return eventually(async () => {
    const [first] = await pull(gateway, { max: 1, waitMs: 5_000, ...request });
    expect(first).toBeDefined();
    return first as PulledDelivery;
  });
}

/** Settles leases. @returns their results */
export async function settle(gateway: RunningGateway, request: object) {
  const answer = await post(gateway, '/deliveries/settle', request);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.results as { lease: string; result: string; outcome?: string; detail?: string }[];
}

export const done = (gateway: RunningGateway, lease: string) => settle(gateway, { done: [lease] });

export async function deadLettersOf(gateway: RunningGateway) {
  const answer = await fetch(`${gateway.address}/dead-letters`);
  return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
}

/** The state of the application. */
export async function stateOf(gateway: RunningGateway) {
  const answer = await fetch(`${gateway.address}/endpoints`);
  return ((await answer.json()) as { applications: Record<string, unknown>[] }).applications[0];
}
