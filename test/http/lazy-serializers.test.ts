import serializerSelector from '@fastify/fast-json-stringify-compiler';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { lazyCompilers } from '../../src/http/lazy-serializers.ts';
import { openApp } from '../routes/app-fixture.ts';

describe('the serializers of the answers', () => {
  test('can all be compiled, although each is compiled for its first answer', async () => {
    const compiled: string[] = [];
    const spy = vi.spyOn(lazyCompilers, 'buildSerializer').mockImplementation((schemas, options) => {
      const compile = serializerSelector()(schemas, options as object);
      return (route) => {
        compiled.push(route.url);
        return compile(route);
      };
    });
    onTestFinished(() => spy.mockRestore());
    // Throws what Fastify throws for a schema that it cannot compile.
    await (await openApp({})).ready();
    expect(compiled.length).toBeGreaterThan(50);
  });

  test('leave out what a schema does not name, from the first answer on', async () => {
    const app = await openApp({});
    const response = { 200: { type: 'object', properties: { a: { type: 'integer' } } } };
    app.get('/first', { schema: { response } }, () => ({ a: 1, b: 2 }));
    expect((await app.inject('/first')).body).toBe('{"a":1}');
    expect((await app.inject('/first')).body).toBe('{"a":1}');
  });
});
