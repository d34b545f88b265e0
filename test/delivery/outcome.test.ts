import { describe, expect, test } from 'vitest';
import { ApplicationAway, ApplicationError } from '../../src/delivery/application-error.ts';
import type { Answer } from '../../src/delivery/http-exchange.ts';
import { asksToSlowDown, failureOf } from '../../src/delivery/outcome.ts';
import { retryHint } from '../../src/handler/retry-hint.ts';

const now = Date.parse('2026-12-01T09:00:00Z');

const answerOf = (status: number, headers: Answer['headers'] = {}, body = ''): Answer => ({
  status,
  headers,
  body: Buffer.from(body),
});

const problem = (status: number, members: object, headers: Answer['headers'] = {}) =>
  answerOf(status, { 'content-type': 'application/problem+json; charset=utf-8', ...headers }, JSON.stringify(members));

/** What an answer means, in one word, and the delay that it asks for. */
function meaning(answer: Answer): string {
  const failure = failureOf(answer, now);
  if (failure === undefined) return 'handled';
  if (failure instanceof ApplicationAway) return 'away';
  expect(failure).toBeInstanceOf(ApplicationError);
  const { retryable, delayMs } = retryHint(failure);
  if (!retryable) return 'refused';
  return delayMs === undefined ? 'retried' : `retried after ${delayMs} ms`;
}

describe('the meaning of an answer', () => {
  test.each([
    ...[200, 201, 202, 204, 299].map((status) => [status, 'handled'] as const),
    ...[400, 410, 413, 415, 422, 501].map((status) => [status, 'refused'] as const),
    ...[301, 302, 307, 308, 401, 403, 404, 405, 408, 409, 418, 425, 429, 431, 451, 499].map(
      (status) => [status, 'retried'] as const,
    ),
    ...[500, 504, 507, 599].map((status) => [status, 'retried'] as const),
    ...[502, 503].map((status) => [status, 'away'] as const),
  ])('follows from its status: %i is %s', (status, expected) => {
    expect(meaning(answerOf(status))).toBe(expected);
  });

  test.each([
    ['120', 'retried after 120000 ms'],
    ['0', 'retried after 1 ms'],
    ['Tue, 01 Dec 2026 09:00:30 GMT', 'retried after 30000 ms'],
    ['Tue, 01 Dec 2026 08:00:00 GMT', 'retried after 1 ms'],
    ['99999999999', 'retried after 2592000000 ms'],
    ['9'.repeat(400), 'retried after 2592000000 ms'],
    ['-1', 'away'],
    ['1.5', 'away'],
    ['soon', 'away'],
    ['', 'away'],
    ['2027', 'retried after 2027000 ms'],
  ])('counts an attempt of 503 with Retry-After: %s as %s', (retryAfter, expected) => {
    expect(meaning(answerOf(503, { 'retry-after': retryAfter }))).toBe(expected);
  });

  test.each([
    [429, 'retried after 7000 ms'],
    [500, 'retried after 7000 ms'],
    [422, 'refused'],
    [204, 'handled'],
  ])('takes the delay of Retry-After with %i: %s', (status, expected) => {
    expect(meaning(answerOf(status, { 'retry-after': '7' }))).toBe(expected);
  });

  test.each([
    [422, true, 'retried'],
    [503, true, 'retried'],
    [503, false, 'refused'],
    [500, false, 'refused'],
    [404, false, 'refused'],
    [200, false, 'handled'],
  ])('follows from a problem document before the status: %i with retryable %s is %s', (status, retryable, expected) => {
    expect(meaning(problem(status, { retryable }))).toBe(expected);
  });

  test.each([
    [200, 'retry', 'retried'],
    [200, 'reject', 'refused'],
    [500, 'done', 'handled'],
    [503, 'done', 'handled'],
    [422, 'retry', 'retried'],
    [503, ' RETRY ', 'retried'],
    [500, 'DONE', 'handled'],
    [200, 'Reject', 'refused'],
    [200, 'rejct', 'retried'],
    [200, '', 'retried'],
  ])('follows from Message-Outcome before all: %i with %j is %s', (status, outcome, expected) => {
    expect(meaning(answerOf(status, { 'message-outcome': outcome }))).toBe(expected);
    expect(meaning(problem(status, { retryable: expected !== 'retried' }, { 'message-outcome': outcome }))).toBe(
      expected,
    );
  });

  test('takes a Message-Outcome that was sent twice for neither', () => {
    expect(meaning(answerOf(200, { 'message-outcome': ['done', 'reject'] }))).toBe('retried');
  });

  test('takes the words of the dead letter from a problem document', () => {
    const error = failureOf(
      problem(422, { title: 'Card declined', detail: 'It has expired.', code: 'card-declined' }),
      now,
    );
    expect(error).toMatchObject({
      name: 'card-declined',
      message: 'The application answered 422: Card declined: It has expired.',
    });
    expect(failureOf(problem(500, { code: 1042, title: 7, detail: null }), now)).toMatchObject({
      name: 'ApplicationError',
      code: 1042,
      message: 'The application answered 500',
    });
  });

  test.each(['{', '[]', 'null', '"x"', '{"title":', '\u0000'])('ignores a problem document of %j', (body) => {
    const answer = answerOf(422, { 'content-type': 'application/problem+json' }, body);
    expect(failureOf(answer, now)).toMatchObject({ message: 'The application answered 422' });
  });

  test('reads a problem document behind a byte order mark', () => {
    const body = '\ufeff{"title":"Card declined","retryable":true}';
    const answer = answerOf(422, { 'content-type': 'application/problem+json' }, body);
    expect(meaning(answer)).toBe('retried');
    expect(failureOf(answer, now)).toMatchObject({ message: 'The application answered 422: Card declined' });
  });

  test('takes the last of the members of a problem document that have the same name', () => {
    const body = '{"retryable":true,"retryable":false}';
    expect(meaning(answerOf(503, { 'content-type': 'application/problem+json' }, body))).toBe('refused');
  });

  test('ignores the words of another media type', () => {
    const answer = answerOf(422, { 'content-type': 'application/json' }, '{"title":"secret payload","retryable":true}');
    expect(failureOf(answer, now)?.message).toBe('The application answered 422');
    expect(meaning(answer)).toBe('refused');
  });

  test('shortens long words', () => {
    const error = failureOf(problem(422, { title: 't'.repeat(5000), code: 'c'.repeat(5000) }), now);
    expect(error?.message.length).toBeLessThan(1100);
    expect(error?.name.length).toBeLessThanOrEqual(255);
  });

  test.each([
    [408, true],
    [429, true],
    [503, true],
    [504, true],
    [500, false],
    [200, false],
    [422, false],
  ])('asks to slow down with %i: %s', (status, expected) => {
    expect(asksToSlowDown(answerOf(status))).toBe(expected);
  });
});
