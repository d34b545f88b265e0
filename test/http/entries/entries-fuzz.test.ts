import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLittoralError } from '../../../src/errors.ts';
import { type EntryDefaults, readEntryDefaults } from '../../../src/http/entries/entry-defaults.ts';
import { readEntry } from '../../../src/http/entries/read-entry.ts';
import { entriesOfJson, entriesOfLines } from '../../../src/http/entries/split-entries.ts';

const defaults: EntryDefaults = readEntryDefaults([], { forwardHeaders: {} });
const limits = { bodyLimit: 2 ** 20 };
const read = (bytes: Buffer) => readEntry(bytes, 0, defaults, limits);

/** JSON in the spellings that programs use. */
const jsonText = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.constantFrom(undefined, 1, '\t', ' \r\n'))
  .map(([json, space]) => JSON.stringify(JSON.parse(json), null, space));

describe('entries', () => {
  test('keep every payload byte for byte, whatever stands around it', async () => {
    const texts = fc.array(fc.tuple(jsonText, fc.constantFrom('', ' ', '\n', '\r\n\t')), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(texts, async (parts) => {
        const entry = ([payload, space]: readonly [string, string]) =>
          `${space}{${space}"payload"${space}:${space}${payload}${space},"kind":"event","routingKey":"a"${space}}${space}`;
        const body = Buffer.from(`{"entries":[${parts.map(entry).join(',')}]}`);
        const payloads = (await entriesOfJson(body, 100)).map((bytes) => String(read(bytes).payload));
        expect(payloads).toEqual(parts.map(([payload]) => payload));
      }),
    );
  });

  test('keep long texts with quotes and backslashes, and recognize field names with escapes', async () => {
    const part = fc.constantFrom('"', '\\', 'a', 'é', '\n', '\u2028', 'x'.repeat(31), 'y'.repeat(40), '\\'.repeat(3));
    const texts = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(texts, texts, async (payload, correlationId) => {
        const fields = `"payload":${JSON.stringify(payload)},"\\u006bind":"event","routingKey":"a"`;
        const correlation = correlationId === '' ? '' : `,"correlationId":${JSON.stringify(correlationId)}`;
        const body = Buffer.from(`{"entries":[{${fields}${correlation}},{${fields}}]}`);
        const [first, second, ...others] = (await entriesOfJson(body, 100)).map(read);
        expect(others).toEqual([]);
        for (const request of [first, second]) {
          expect(request).toMatchObject({ kind: 'event', routingKey: 'a' });
          expect(String(request?.payload)).toBe(JSON.stringify(payload));
        }
        expect(first?.correlationId).toBe(correlationId === '' ? undefined : correlationId);
      }),
    );
  });

  test('are the lines that are not blank', async () => {
    const line = fc.constantFrom('', ' ', '\r', '{"a":1}', '{', '\t \r', '{"b":"\\n"}');
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.constantFrom('', '\n'), async (lines, end) => {
        const found = (await entriesOfLines(Buffer.from(lines.join('\n') + end), 1000)).map(String);
        expect(found).toEqual(lines.filter((text) => text.trim() !== ''));
      }),
    );
  });

  test('never throw anything but an error of littoral, whatever they are', async () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\',
      '"kind"',
      '"event"',
      'null',
      '1',
      ' ',
      '\ud800',
      '"entries"',
    );
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.array(pieces, { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''))),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (bytes) => {
        for (const attempt of [() => read(bytes), () => entriesOfJson(bytes, 10), () => entriesOfLines(bytes, 10)]) {
          try {
            await attempt();
          } catch (error) {
            expect(isLittoralError(error)).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
