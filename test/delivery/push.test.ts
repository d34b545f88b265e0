import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { post, runGateway } from '../flow/gateway-fixture.ts';
import { answering, type Behaviour, startApplication } from './application-fixture.ts';

const retries = { maxAttempts: 2, initialDelayMs: 1 };
const key = 'billing.changeDetails';

/** A gateway with an application that behaves in some way, to which a command was sent. */
async function sendTo(behaviour: Behaviour, application: object = {}) {
  const app = await startApplication(behaviour);
  const gateway = await runGateway({
    service: 'billing',
    application: { url: app.url, commands: [key], ...application },
    retries,
  });
  const answer = await post(
    gateway,
    `/commands/billing/${key}`,
    { amount: 7 },
    {
      'message-headers': '{"tenantId":"Zo\\u00eb & co 100%"}',
    },
  );
  expect(answer.status).toBe(202);
  return { app, gateway, messageId: answer.body.messageId as string };
}

const deadLettersOf = async (gateway: { address: string }) =>
  ((await (await fetch(`${gateway.address}/dead-letters`)).json()) as { items: Record<string, unknown>[] }).items;

describe('an application behind a URL', () => {
  test('receives a command as a POST, with its headers', async () => {
    const { app, messageId } = await sendTo(answering(204));
    const request = await eventually(() => {
      expect(app.received).toHaveLength(1);
      return app.received[0]!;
    });
    expect(request).toMatchObject({ method: 'POST', path: `/commands/${key}` });
    expect(request.body.toString()).toBe('{"amount":7}');
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'message-id': messageId,
      'message-correlation-id': messageId,
      'message-kind': 'command',
      'message-routing-key': key,
      'message-source': 'billing',
      'message-attempt': '1',
      'request-timeout': '30s',
      'message-headers': '{"tenantId":"Zo\\u00eb & co 100%"}',
      'message-header-tenant-id': 'Zo%C3%AB & co 100%25',
    });
  });

  test.each([400, 410, 413, 415, 422, 501])('refuses a message with %i: a dead letter at once', async (status) => {
    const { app, gateway } = await sendTo(answering(status));
    const letters = await eventually(async () => {
      const found = await deadLettersOf(gateway);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(letters[0]).toMatchObject({ attempts: 1, error: { message: `The application answered ${status}` } });
    expect(app.received).toHaveLength(1);
  });

  test.each([301, 401, 403, 404, 405, 408, 409, 425, 429, 500, 504])(
    'is called again after %i, and the message is a dead letter after its last attempt',
    async (status) => {
      const { app, gateway } = await sendTo(answering(status, { location: '/elsewhere' }));
      await eventually(async () => expect(await deadLettersOf(gateway)).toHaveLength(1));
      expect(app.received.map(({ path, headers }) => [path, headers['message-attempt']])).toEqual(
        ['1', '2', '3'].map((attempt) => [`/commands/${key}`, attempt]),
      );
    },
  );

  test.each([502, 503])('is away while it answers %i: no attempt is counted', async (status) => {
    let failures = 3;
    const { app, gateway } = await sendTo((request, response, socket) =>
      answering(failures-- > 0 ? status : 204)(request, response, socket),
    );
    await eventually(() => expect(app.received).toHaveLength(4));
    expect(app.received.map(({ headers }) => headers['message-attempt'])).toEqual(['1', '1', '1', '1']);
    expect(await deadLettersOf(gateway)).toEqual([]);
  });
});
