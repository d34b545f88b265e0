import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BodyBuffer } from '../../../src/http/body/body-buffer.ts';
import { BodyMemory } from '../../../src/http/body/body-memory.ts';
import { caught } from '../../caught.ts';

const mebibyte = 1024 * 1024;

function bufferOf({ maxInFlightBytes = 64 * mebibyte, maxBytes = mebibyte, announced = 0 } = {}) {
  const memory = new BodyMemory(maxInFlightBytes);
  return { memory, buffer: new BodyBuffer(memory, { maxBytes, announced }) };
}

describe('the buffer of a body', () => {
  test('holds the bytes that arrived, in pieces of any size', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 40 });
    fc.assert(
      fc.property(pieces, (list) => {
        const { memory, buffer } = bufferOf();
        for (const piece of list) buffer.append(piece);
        const body = buffer.finish();
        expect(body).toEqual(Buffer.concat(list));
        expect(memory.used).toBe(body.length);
        buffer.release();
        expect(memory.used).toBe(0);
      }),
    );
  });

  test('takes at most twice the memory of the bytes that arrived, whatever was announced', () => {
    const { memory, buffer } = bufferOf();
    const piece = Buffer.from('x');
    for (let length = 1; length <= 20_000; length++) {
      buffer.append(piece);
      expect(memory.used).toBeLessThanOrEqual(Math.max(256, 2 * length));
    }
  });

  test('takes no more than can still arrive', () => {
    for (const limit of [{ maxBytes: 1000 }, { announced: 1000 }]) takesAtMost1000(limit);
  });

  function takesAtMost1000(limit: { maxBytes?: number; announced?: number }): void {
    const { memory, buffer } = bufferOf(limit);
    buffer.append(Buffer.alloc(600));
    buffer.append(Buffer.alloc(1));
    expect(memory.used).toBe(1000);
  }

  test('takes no more than the limit', async () => {
    const { memory, buffer } = bufferOf({ maxBytes: 1000 });
    buffer.append(Buffer.alloc(1000));
    expect(await caught(() => buffer.append(Buffer.alloc(1)))).toMatchObject({ code: 'body-too-large' });
    expect(memory.used).toBe(1000);
  });

  test('does not keep the memory of a piece', () => {
    const { buffer } = bufferOf();
    const piece = Buffer.from('abc');
    buffer.append(piece);
    piece.fill('x');
    expect(buffer.finish().toString()).toBe('abc');
  });

  test('is refused if others use all the memory, and its own memory stays counted until its release', async () => {
    const { memory, buffer } = bufferOf({ maxInFlightBytes: 1000 });
    memory.take(700);
    buffer.append(Buffer.alloc(200));
    expect(await caught(() => buffer.append(Buffer.alloc(200)))).toMatchObject({ code: 'too-many-in-flight' });
    expect(memory.used).toBe(956);
    buffer.release();
    expect(memory.used).toBe(700);
  });

  test('releases its memory once', () => {
    const { memory, buffer } = bufferOf();
    memory.take(10);
    buffer.append(Buffer.alloc(5));
    buffer.release();
    buffer.release();
    expect(memory.used).toBe(10);
  });
});
