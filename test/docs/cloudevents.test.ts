import { describe, expect, test } from 'vitest';
import { curlRequest } from '../curl-line.ts';
import { openGateway } from '../http/gateway-fixture.ts';
import { blocksOf, readPage } from './page-code.ts';

const lines = blocksOf(readPage('docs/cloudevents.md'))
  .filter(({ language }) => language === 'sh')
  .map(({ lines }) => lines.join(' ').replace(/ \\\s+/g, ' '));

describe('docs/cloudevents.md', () => {
  test('shows an event in both modes, and in a batch', () => {
    expect(lines).toHaveLength(3);
  });

  test('shows requests that publish the same message', async () => {
    const { app } = await openGateway();
    const ids = lines.map(async (line) => {
      const { url, headers, body } = curlRequest(line);
      const response = await app.inject({ method: 'POST', url, headers, payload: body ?? '' });
      expect(response.statusCode).toBe(202);
      const { messageId, results } = response.json();
      return messageId ?? results[0].messageId;
    });
    expect(new Set(await Promise.all(ids)).size).toBe(1);
  });
});
