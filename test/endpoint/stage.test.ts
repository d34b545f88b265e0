import { describe, expect, test } from 'vitest';
import { compose, type Stage } from '../../src/endpoint/stage.ts';

const around =
  (name: string): Stage<string, string> =>
  (call, next) =>
    `${name}(${next(`${call} ${name}`)})`;

describe('composed stages', () => {
  test('surround the work, the first one outermost, and pass the call on', () => {
    expect(compose([around('a'), around('b')], (call) => `[${call}]`)('call')).toBe('a(b([call a b]))');
  });

  test('leave out a stage that is undefined', () => {
    expect(compose([undefined, around('b'), undefined], (call) => `[${call}]`)('call')).toBe('b([call b])');
  });

  test('are the work itself where there is none', () => {
    const work = () => 'done';
    expect(compose([undefined], work)).toBe(work);
  });

  test('end with a stage that does not call the next', () => {
    expect(compose<string, string>([around('a'), () => 'refused'], () => expect.fail())('call')).toBe('a(refused)');
  });
});
