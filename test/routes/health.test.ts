import { describe, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import { expectProblem, openGateway, quiet } from '../http/gateway-fixture.ts';
import { openApp } from './app-fixture.ts';

describe('GET /livez', () => {
  test.each([
    ['before the start', () => createGateway({ service: 'shop' }, quiet)],
    ['while running', () => openGateway()],
  ])('is well %s', async (_when, open) => {
    const response = await (await open()).app.inject('/livez');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ status: 'alive' });
  });

  test('is well while nothing else is', async () => {
    const app = await openApp({ unreadiness: () => ['the broker is gone'], isDraining: () => true });
    expect((await app.inject('/livez')).statusCode).toBe(200);
  });

  test('has no body for HEAD', async () => {
    const response = await (await openGateway()).app.inject({ method: 'HEAD', url: '/livez' });
    expect(response).toMatchObject({ statusCode: 200, body: '' });
  });
});

describe('GET /readyz', () => {
  test('says what runs here', async () => {
    const response = await (await openGateway()).app.inject('/readyz');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ status: 'ready', service: 'shop', channel: 'in-memory', durable: false });
  });

  test('is not ready before the start', async () => {
    const response = await createGateway({ service: 'shop' }, quiet).app.inject('/readyz');
    expectProblem(response, 'not-ready');
    expect(response.headers['retry-after']).toBe('1');
  });

  test('is not ready once the channel is closed', async () => {
    const gateway = await openGateway();
    await gateway.channel.close(0);
    expectProblem(await gateway.app.inject('/readyz'), 'not-ready');
  });

  test('says every reason', async () => {
    const app = await openApp({ unreadiness: () => ['shutting down', 'not connected'] });
    const { detail } = expectProblem(await app.inject('/readyz'), 'not-ready');
    expect(detail).toContain('shutting down; not connected');
  });

  test('of a gateway that only sends needs no consumer', async () => {
    const gateway = createGateway({ service: 'shop' }, { ...quiet, consume: false });
    await gateway.start();
    expect((await gateway.app.inject('/readyz')).statusCode).toBe(200);
  });
});
