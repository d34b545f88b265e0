import { AppendedList } from './appended-list.ts';
import type { ExpressionNode, KeyAndValue } from './expression-node.ts';
import { type ExpressionRun, runOf } from './expression-run.ts';
import { type Call, evaluateNode, type Frame, frameWith, type Sequence, sharedFrame } from './jsonata-internals.ts';
import { hideKey } from './reserved-keys.ts';

// JSONata's own grouping copies the items of a key for each item that it adds, and then begins the values of all keys in
// one turn of the event loop.

/** The items with the same key. */
interface Group {
  /** The index of the pair that has the key. */
  readonly pair: number;
  readonly items: AppendedList;
}

/** The variables that an item behind `@`, `#` or `%` has, with the item itself by the name `@`. */
type Tuple = Readonly<Record<string, unknown>>;

/**
 * Makes the object of `{…}`, and of `{…}` behind an expression.
 *
 * @param node the node with the pairs. If its values can wait for services, they do so at the same time
 * @param input the items to group
 */
export async function group(call: Call, node: ExpressionNode, input: unknown): Promise<object> {
  const pairs = node.pairs ?? [];
  const ofTuples = Array.isArray(input) && (input as Sequence).tupleStream === true;
  // An object can be made of nothing.
  const items = Array.isArray(input) && (input.length > 0 || ofTuples) ? input : [onlyItemOf(input)];
  const grouping = new Grouping(runOf(call), pairs, call.environment, ofTuples);
  if (items.length === 1 && !ofTuples && node.isConcurrent !== true) return await grouping.ofOne(items[0]);
  await grouping.addAll(items);
  return await grouping.evaluate(node.isConcurrent === true);
}

/** Returns undefined for an empty list. */
function onlyItemOf(input: unknown): unknown {
  return Array.isArray(input) ? input[0] : input;
}

/** The keys that JSONata refuses. */
const refusedKeys: ReadonlySet<string> = new Set(['_jsonata_lambda', '_jsonata_function']);

/** Returns the name of a field for the value of a key; undefined if there is none. */
function nameOf(key: unknown): string | undefined {
  if (key === undefined) return undefined;
  if (typeof key !== 'string') throw { code: 'T1003' };
  if (refusedKeys.has(key)) throw { code: 'D1013' };
  return hideKey(key);
}

class Grouping {
  readonly #run: ExpressionRun;
  readonly #pairs: readonly KeyAndValue[];
  readonly #frame: Frame;
  /** The frame of the values, unless their items have variables. */
  readonly #shared: Frame;
  readonly #ofTuples: boolean;
  readonly #groups: Record<string, Group> = Object.create(null);

  constructor(run: ExpressionRun, pairs: readonly KeyAndValue[], frame: Frame, ofTuples: boolean) {
    this.#run = run;
    this.#pairs = pairs;
    this.#frame = frame;
    this.#shared = sharedFrame(frame);
    this.#ofTuples = ofTuples;
  }

  /** Makes the object of one item. The key of a pair sees the variables that the pairs before it bind. */
  async ofOne(item: unknown): Promise<object> {
    const fields: Record<string, unknown> = Object.create(null);
    const keys = new Set<string>();
    for (const [key, value] of this.#pairs) {
      const name = nameOf(key.type === 'string' ? key.value : await this.#evaluate(key, item));
      if (name === undefined) continue;
      if (keys.has(name)) throw { code: 'D1009' };
      keys.add(name);
      const field = await this.#evaluate(value, item);
      if (field !== undefined) fields[name] = field;
    }
    return fields;
  }

  async addAll(items: readonly unknown[]): Promise<void> {
    const pauses = this.#run.itemPauses();
    for (const item of items) {
      for (const [index, [key]] of this.#pairs.entries()) {
        this.#add(key.type === 'string' ? key.value : await this.#evaluate(key, item), index, item);
      }
      const pause = pauses();
      if (pause) await pause;
    }
  }

  #evaluate(node: ExpressionNode, item: unknown): Promise<unknown> {
    if (!this.#ofTuples) return evaluateNode(node, item, this.#shared);
    const tuple = item as Tuple;
    return evaluateNode(node, tuple['@'], frameWith(this.#frame, tuple));
  }

  #add(key: unknown, pair: number, item: unknown): void {
    const name = nameOf(key);
    if (name === undefined) return;
    const group = this.#groups[name];
    if (group === undefined) this.#groups[name] = { pair, items: new AppendedList(item, this.#countItems) };
    else if (group.pair !== pair) throw { code: 'D1009' };
    else group.items.append(item);
  }

  readonly #countItems = (length: number): void => {
    if (length > this.#run.budget.maxSequenceLength) throw { code: 'D2015' };
  };

  async evaluate(isConcurrent: boolean): Promise<object> {
    const keys = Object.keys(this.#groups);
    const values = isConcurrent && keys.length > 1 ? await this.#valuesAtOnce(keys) : await this.#valuesInTurn(keys);
    const result: Record<string, unknown> = Object.create(null);
    keys.forEach((key, index) => {
      if (values[index] !== undefined) result[key] = values[index];
    });
    return result;
  }

  #valuesAtOnce(keys: readonly string[]): Promise<readonly unknown[]> {
    return this.#run.strands.all(keys.length, (index) => this.#value(keys[index] as string));
  }

  async #valuesInTurn(keys: readonly string[]): Promise<readonly unknown[]> {
    const values: unknown[] = [];
    for (const key of keys) values.push(await this.#value(key));
    return values;
  }

  async #value(key: string): Promise<unknown> {
    const { pair, items } = this.#groups[key] as Group;
    const { value } = items;
    const [, node] = this.#pairs[pair] as KeyAndValue;
    if (items.isList) this.#run.budget.makeList((value as unknown[]).length);
    if (!this.#ofTuples) return await this.#evaluate(node, value);
    if (Array.isArray(value)) return await this.#evaluate(node, await this.#joined(value));
    const result = this.#evaluate(node, value);
    // As in JSONata, the only item of a key is no longer the item of the keys behind it.
    delete (value as Record<string, unknown>)['@'];
    return await result;
  }

  /** Returns the variables of all tuples of a key: each is a list of the values that it has in them. */
  async #joined(tuples: readonly Tuple[]): Promise<Tuple> {
    const joined: Record<string, AppendedList> = Object.create(null);
    const pauses = this.#run.itemPauses();
    for (const tuple of tuples) {
      for (const name of Object.keys(tuple)) {
        const list = joined[name];
        if (list) list.append(tuple[name]);
        else joined[name] = new AppendedList(tuple[name], this.#countItems);
      }
      const pause = pauses();
      if (pause) await pause;
    }
    const variables: Record<string, unknown> = Object.create(null);
    for (const [name, list] of Object.entries(joined)) {
      if (list.isList) this.#run.budget.makeList((list.value as unknown[]).length);
      variables[name] = list.value;
    }
    return variables;
  }
}
