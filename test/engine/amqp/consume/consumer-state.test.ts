import { describe, expect, test } from 'vitest';
import { ConsumerState } from '../../../../src/engine/amqp/consume/consumer-state.ts';

function attachedState(isSuspended = false): ConsumerState {
  const state = new ConsumerState(isSuspended);
  state.attach();
  state.attached();
  return state;
}

describe('the state of a consumer', () => {
  test('keeps the reason of the last end until it is attached', () => {
    const state = new ConsumerState(false);
    expect(state.detached).toBe('not attached yet');
    expect(state.attach()).toBe(true);
    expect([state.name, state.detached]).toEqual(['attaching', 'not attached yet']);
    expect(state.attach()).toBe(false);
    expect(state.attached()).toBe(true);
    expect([state.name, state.detached]).toEqual(['consuming', undefined]);
    expect(state.detach('lost')).toBe(true);
    expect([state.name, state.detached]).toEqual(['detached', 'lost']);
    expect(state.attached()).toBe(false);
  });

  test('remembers a suspension while it is detached or attaches', () => {
    const state = attachedState(true);
    expect([state.name, state.detached]).toEqual(['suspended', undefined]);
    state.detach('lost');
    state.attach();
    state.attached();
    expect(state.name).toBe('suspended');
    state.detach('lost');
    state.resume();
    state.attach();
    state.attached();
    expect(state.name).toBe('consuming');
    state.detach('lost');
    state.attach();
    expect(state.suspend()).toBe(true);
    state.attached();
    expect(state.name).toBe('suspended');
  });

  test('suspends from a pause, and does not pause while it is suspended', () => {
    const state = attachedState();
    expect(state.pause()).toBe(true);
    expect(state.pause()).toBe(false);
    expect(state.suspend()).toBe(true);
    expect(state.suspend()).toBe(false);
    expect([state.endPause(), state.pause()]).toEqual([false, false]);
    expect(state.resume()).toBe(true);
    expect(state.name).toBe('consuming');
  });

  test('leaves a pause to itself when it is resumed', () => {
    const state = attachedState();
    state.pause();
    expect(state.resume()).toBe(true);
    expect(state.name).toBe('paused');
    expect(state.endPause()).toBe(true);
  });

  test('never leaves the state stopped', () => {
    const state = attachedState();
    expect(state.stop()).toBe(true);
    const transitions = [
      state.attach(),
      state.attached(),
      state.detach('lost'),
      state.pause(),
      state.endPause(),
      state.suspend(),
      state.resume(),
      state.stop(),
    ];
    expect(transitions).toEqual(transitions.map(() => false));
    expect([state.name, state.detached]).toEqual(['stopped', 'stopped']);
  });

  test('has another epoch after each transition, and only then', () => {
    const state = attachedState();
    const { epoch } = state;
    state.attach();
    state.resume();
    expect(state.epoch).toBe(epoch);
    state.pause();
    state.endPause();
    expect(state.name).toBe('consuming');
    expect(state.epoch).not.toBe(epoch);
  });
});
