import { describe, expect, test } from 'vitest';
import { HttpClient } from '../../src/delivery/http-client.ts';
import { NoAnswer } from '../../src/delivery/request-failures.ts';
import { startApplication } from './application-fixture.ts';

describe('a request that cannot be written', () => {
  test('is no sign that the application is away', async () => {
    const app = await startApplication();
    const client = new HttpClient(new URL(app.url), { connections: 1, connectTimeoutMs: 1000 });
    const request = { path: '/', headers: ['x-note', 'a\r\nb: c'], body: Buffer.from('x') };
    await expect(client.post(request, 1000)).rejects.toBeInstanceOf(NoAnswer);
    expect(app.received).toEqual([]);
    await client.close();
  });
});
