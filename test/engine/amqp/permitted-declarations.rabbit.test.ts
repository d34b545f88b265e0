import { defineCommandHandler } from 'littoral';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { createRestrictedUser, type RestrictedUser } from '../../broker/restricted-user.ts';
import { useVhost } from '../../broker/use-vhost.ts';
import { post, type RunningGateway, readiness, runGateway, untilReady } from '../../flow/gateway-fixture.ts';

const vhost = useVhost();

async function openUser(permissions: Parameters<RestrictedUser['permit']>[0]): Promise<RestrictedUser> {
  const user = await createRestrictedUser(vhost);
  onTestFinished(() => user.close());
  await user.permit(permissions);
  return user;
}

/** A service that refuses negative amounts, and fails once for odd ones. */
async function run(service: string, url: string) {
  const paid: number[] = [];
  const failed = new Set<number>();
  const lines: Record<string, unknown>[] = [];
  const handle = (payload: unknown) => {
    const { amount } = payload as { amount: number };
    const isFailing = amount < 0 || (amount % 2 === 1 && !failed.has(amount));
    failed.add(amount);
    if (isFailing) throw new Error('fails');
    paid.push(amount);
  };
  const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, handle })];
  const retries = { maxAttempts: 1, initialDelayMs: 64 };
  const logger = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const broker = { url, topologyCheckMs: 500 };
  const gateway = await runGateway({ service, broker, handlers, retries }, { logger });
  const pay = async (amount: number, delayMs?: number) => {
    const headers: Record<string, string> = delayMs ? { 'message-delay': `${delayMs}` } : {};
    return post(gateway, `/commands/${service}/pay`, { amount }, headers);
  };
  return { gateway, paid, lines, pay };
}

/** Declares all that a service needs, as a user who may. */
async function declareAll(service: string): Promise<void> {
  const { gateway, paid, pay } = await run(service, vhost.url);
  await untilReady(gateway);
  await pay(2, 64);
  await eventually(() => expect(paid).toEqual([2]));
  await gateway.stop();
}

async function unreadiness(gateway: RunningGateway): Promise<string> {
  const answer = await readiness(gateway);
  const { detail } = (await answer.json()) as { detail: string };
  expect(answer.status).toBe(503);
  return detail;
}

describe('a broker user without the permission to configure', () => {
  test('uses what exists: sends, consumes, retries, delays and dead-letters', async () => {
    await declareAll('old');
    const user = await openUser({ configure: '^distributed_old_dead_letter_browser$' });
    const { gateway, paid, lines, pay } = await run('old', user.url);
    await untilReady(gateway);
    for (const answer of [await pay(1), await pay(4), await pay(6, 64), await pay(-1)]) {
      expect(answer).toMatchObject({ status: 202, body: { routed: true } });
    }
    await eventually(() => expect([...paid].sort()).toEqual([1, 4, 6]));
    await eventually(async () => {
      const { items } = (await (await fetch(`${gateway.address}/dead-letters`)).json()) as { items: unknown[] };
      expect(items).toHaveLength(1);
    });
    // Several checks later nothing has changed.
    await vhost.deleteBinding({ source: 'ecotone.distributed', destination: 'distributed_old', routingKey: 'old' });
    await eventually(async () => expect((await vhost.bindings()).map(({ routingKey }) => routingKey)).toContain('old'));
    await untilReady(gateway);
    const refusals = lines.filter(({ msg }) => String(msg).startsWith('declaration not permitted'));
    expect(refusals.map(({ subject }) => subject).sort()).toEqual([
      'delays',
      "exchange 'ecotone.distributed'",
      "queue 'distributed_old'",
      "queue 'littoral_old_due'",
    ]);
    expect(String(((await (await readiness(gateway)).json()) as { warnings: string[] }).warnings)).toContain(
      "dead letter queue 'distributed_old_dead_letter': its form cannot be verified",
    );
  });

  test('is unready with the name of what is missing and the remedy, and ready once it is permitted', async () => {
    const user = await openUser({ configure: '' });
    const { gateway, paid, pay } = await run('none', user.url);
    // An earlier test may have declared the exchange.
    await eventually(async () => {
      const reason = await unreadiness(gateway);
      expect(reason).toMatch(/access to queue 'distributed_none' in vhost .* refused for user/);
      expect(reason).toContain('rabbitmqctl set_permissions: configure to declare it');
    });
    await user.permit({});
    await untilReady(gateway);
    expect((await pay(2)).status).toBe(202);
    await eventually(() => expect(paid).toEqual([2]));
  });

  test('may have the permission for its own names alone', async () => {
    await declareAll('other');
    const user = await openUser({ configure: '^(distributed|littoral)_own(_|$)' });
    const { gateway, paid, pay } = await run('own', user.url);
    await untilReady(gateway);
    await pay(1);
    await pay(2, 128);
    await eventually(() => expect([...paid].sort()).toEqual([1, 2]));
  });

  test('gets 503 for a delay whose queue does not exist, and everything else works', async () => {
    await declareAll('partly');
    const user = await openUser({ configure: '' });
    const { gateway, paid, pay } = await run('partly', user.url);
    await untilReady(gateway);
    const refused = await pay(2, 4096);
    expect(refused).toMatchObject({ status: 503, body: { outcome: 'not-accepted' } });
    expect(refused.body.detail).toContain("'littoral_partly_delay_");
    await pay(4);
    await eventually(() => expect(paid).toEqual([4]));
  });

  test('cannot browse dead letters without the permission for the lock, and reads why', async () => {
    await declareAll('locked');
    const user = await openUser({ configure: '' });
    const { gateway } = await run('locked', user.url);
    await untilReady(gateway);
    const answer = await fetch(`${gateway.address}/dead-letters`);
    expect(answer.status).toBe(503);
    const { detail } = (await answer.json()) as { detail: string };
    expect(detail).toMatch(/access to queue 'distributed_locked_dead_letter_browser' .* refused/);
    expect(detail).toContain('configure to declare it');
  });
});

test('a broker user who may not read the queue leaves the gateway unready, with the remedy', async () => {
  await declareAll('unread');
  const user = await openUser({ read: '^(?!distributed_unread$)' });
  const { gateway } = await run('unread', user.url);
  await eventually(async () => {
    const reason = await unreadiness(gateway);
    expect(reason).toMatch(/access to queue 'distributed_unread' .* refused/);
    expect(reason).toContain('read to consume it');
  });
});

describe('a broker user who may not bind', () => {
  test('is ready with a warning if the queue exists and the user may not declare it', async () => {
    await declareAll('bound');
    const user = await openUser({ configure: '', write: '^(?!distributed_bound$)' });
    const { gateway, paid, pay } = await run('bound', user.url);
    await untilReady(gateway);
    await pay(2);
    await eventually(() => expect(paid).toEqual([2]));
    const { warnings } = (await (await readiness(gateway)).json()) as { warnings: string[] };
    expect(String(warnings)).toContain("the bindings of queue 'distributed_bound' are not verified");
  });

  test('is unready with the remedy if the user declares the queue', async () => {
    const user = await openUser({ write: '^(?!distributed_fresh$)' });
    const { gateway } = await run('fresh', user.url);
    await eventually(async () => {
      const reason = await unreadiness(gateway);
      expect(reason).toMatch(/access to queue 'distributed_fresh' .* refused/);
      expect(reason).toContain('write on a queue and read on the exchange to bind it');
    });
  });
});
