import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { describeJsonError } from '../conversion/json/describe-json-error.ts';
import { occursTwice, repeatedMember } from '../conversion/json/repeated-member.ts';
import { type Issue, LittoralError } from '../errors.ts';
import { plainIssues, type SchemaCheck } from '../schema/schema-check.ts';
import { asBuffer } from '../text/as-buffer.ts';
import { withoutByteOrderMark } from '../text/byte-order-mark.ts';

/**
 * The query of a request, numbers as numbers.
 *
 * @throws LittoralError `malformed-request` for a name that the schema does not have, because it may be misspelt
 */
export function checkedQuery<Query>({ query }: FastifyRequest, check: SchemaCheck<Query>): Query {
  const fields = Object.entries(query as Readonly<Record<string, unknown>>);
  return checked(Object.fromEntries(fields.map(([name, value]) => [name, numberOrText(value)])), check, 'The query');
}

/**
 * The body of a request, which must be JSON.
 *
 * @throws LittoralError `malformed-body`, `malformed-request`
 */
export function checkedJson<Body>({ body: sent }: FastifyRequest, check: SchemaCheck<Body>): Body {
  const bytes = asBuffer((sent as Uint8Array | undefined) ?? new Uint8Array());
  if (!isUtf8(bytes)) throw new LittoralError('malformed-body', 'The body is not valid UTF-8.');
  const text = withoutByteOrderMark(bytes.toString());
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LittoralError(
      'malformed-body',
      `The body is not JSON: ${describeJsonError(error)}. Send an object, as described under /docs.`,
    );
  }
  const body = checked(value, check, 'The body');
  const repeated = repeatedMember(text);
  if (repeated !== undefined) throw notAsDescribed([{ path: repeated, message: occursTwice }], 'The body');
  return body;
}

function numberOrText(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
}

function checked<Value>(value: unknown, check: SchemaCheck<Value>, what: string): Value {
  if (check.check(value)) return value;
  throw notAsDescribed(plainIssues(check.issues(value)), what);
}

function notAsDescribed(issues: readonly Issue[], what: string): LittoralError {
  const texts = issues.map(({ path, message }) => `${path.slice(1) || what}: ${message}`);
  return new LittoralError('malformed-request', `${what} is not as described under /docs: ${texts.join('; ')}.`, {
    issues,
  });
}
