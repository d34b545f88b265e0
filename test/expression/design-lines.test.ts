import { describe, expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { CalculatingService } from './shop.ts';

describe('the lines of the design', () => {
  test('payload * 2', async () => {
    expect(await evaluate('payload * 2', { payload: 21 })).toBe(42);
  });

  test("reference('calculatingService').multiply(payload, 2)", async () => {
    const references = { calculatingService: new CalculatingService() };
    expect(await evaluate("reference('calculatingService').multiply(payload, 2)", { payload: 21, references })).toBe(
      42,
    );
  });

  test("value & '-' & headers.region", async () => {
    expect(await evaluate("value & '-' & headers.region", { value: '7', headers: { region: 'eu' } })).toBe('7-eu');
  });

  test('service.getCurrentConfiguration()', async () => {
    const service = { getCurrentConfiguration: () => ({ mode: 'test' }) };
    expect(await evaluate('service.getCurrentConfiguration()', { service })).toStrictEqual({ mode: 'test' });
  });

  test("parameter('multiplier') * payload.value", async () => {
    const parameters = { multiplier: 10 };
    expect(await evaluate("parameter('multiplier') * payload.value", { payload: { value: 4 }, parameters })).toBe(40);
  });
});
