import * as make from './expression-node.ts';
import { childrenOf, type ExpressionNode } from './expression-node.ts';
import type { Call, Frame } from './jsonata-internals.ts';
import { nativeNames } from './native-names.ts';

// JSONata evaluates the items of a list, and the values of an object, at the same time. Here, items that bind a
// variable are evaluated one after the other, so that the items behind it see the binding.

/** Returns whether a node can bind a variable that its siblings see. Blocks and functions keep their variables. */
export function bindsHere(node: ExpressionNode): boolean {
  if (node.type === 'bind') return true;
  return childrenOf(node).some(bindsHere);
}

/** Returns the node that replaces an item: it is evaluated after those before it. */
export function inTurn(node: ExpressionNode, list: string): ExpressionNode {
  const turn = make.call(nativeNames.wait, [make.text(list)]);
  // A list in a list is recognised by its node.
  return Object.assign(make.call(nativeNames.inTurn, [turn, node]), node.value === '[' ? { value: '[' } : {});
}

interface Turn {
  end(): void;
}

const lastTurns = new WeakMap<Frame, Map<string, Promise<void>>>();

/** Waits until the items before it are evaluated. */
export async function waitForTurn({ environment }: Call, list: string): Promise<Turn> {
  const turns = lastTurns.get(environment) ?? new Map<string, Promise<void>>();
  lastTurns.set(environment, turns);
  const before = turns.get(list);
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  turns.set(list, ended);
  await before;
  return { end };
}

/** @param value the value of the item, which was evaluated after the turn had begun */
export function endTurn(turn: Turn, value: unknown): unknown {
  turn.end();
  return value;
}
