import type jsonata from 'jsonata';
import { bounded, withDatePicture, withPicture } from './bounded-function.ts';
import { isEqual, isIncluded, isUnequal } from './comparison.ts';
import { keepRow, makeList, makeListAtOnce, makeRange, type RowStep } from './constructors.ts';
import { cloneData } from './expression-data.ts';
import type { ExpressionNode } from './expression-node.ts';
import { runOf } from './expression-run.ts';
import { group } from './grouping.ts';
import { each, filter, map, reduce, sift, single } from './item-functions.ts';
import {
  assign,
  beforeStep,
  type Call,
  type Callback,
  type Definition,
  define,
  type Frame,
  type Implementation,
  standardFunction,
} from './jsonata-internals.ts';
import { children, descendants, distinct, max, merge, min, sort, spread } from './list-functions.ts';
import { contains, match, replace, split } from './match-functions.ts';
import { nativeNames } from './native-names.ts';
import {
  average,
  count,
  exact,
  not,
  power,
  round,
  sum,
  toBoolean,
  toNumber,
  truth,
  typeOf,
} from './number-functions.ts';
import { type KeyedItems, keyItem, orderItems } from './order-by.ts';
import { paced } from './paced-function.ts';
import { after, before, concatenate, join, length, pad, substring, toText, trim } from './text-functions.ts';
import { copyToTransform, matchedCopies } from './transform.ts';
import { wholeField, wholePart } from './whole-parts.ts';

/** The functions. The first expression creates them, because most replace one of JSONata's, which is loaded for it. */
let natives: readonly (readonly [string, Definition])[] | undefined;

/** Binds the functions that an expression was rewritten to call, and replaces some of JSONata's. */
export function registerNativeFunctions(expression: jsonata.Expression): void {
  natives ??= Object.entries(createNatives()).map(([name, definition]) => [
    name,
    isLong(name) ? paced(definition) : definition,
  ]);
  for (const [name, definition] of natives) assign(expression, name, definition);
  assign(expression, beforeStep, begin);
}

/** Returns whether the time of a function depends on its arguments. The others are steps of what was rewritten. */
function isLong(name: string): boolean {
  return !name.startsWith(' ') || name === nativeNames.children || name === nativeNames.clone;
}

/** Runs before the first step of an evaluation. */
function begin(_node: unknown, _input: unknown, environment: Frame): void {
  runOf({ environment }).begin(environment.base);
}

type Text = string | undefined;
type Items = readonly unknown[] | undefined;

// JSONata reads the parameters from the source of a function. A function that can be applied partially therefore has no
// default values and no rest parameter.
function createNatives(): Record<string, Definition> {
  const { implementation: standardSubstring } = bounded('substring');
  return {
    [nativeNames.reference]: define(function (name: unknown) {
      return runOf(this).reference(name);
    }),
    [nativeNames.parameter]: define(function (name: unknown) {
      return runOf(this).parameter(name);
    }),
    [nativeNames.call]: define(function (name: string, ...args: unknown[]) {
      return runOf(this).callMethod(this.input, name, args);
    }),
    [nativeNames.children]: define(function () {
      return children(this);
    }),
    [nativeNames.descendants]: define(function () {
      return descendants(this);
    }),
    [nativeNames.concatenate]: define(function (...parts: unknown[]) {
      return concatenate(this, parts);
    }),
    [nativeNames.equal]: define(function (left: unknown, right: unknown) {
      return isEqual(this, left, right);
    }),
    [nativeNames.unequal]: define(function (left: unknown, right: unknown) {
      return isUnequal(this, left, right);
    }),
    [nativeNames.included]: define(function (value: unknown, list: unknown) {
      return isIncluded(this, value, list);
    }),
    [nativeNames.list]: define(function (shape: string, ...items: unknown[]) {
      return makeList(this, shape, items);
    }),
    [nativeNames.listAtOnce]: define(function (node: ExpressionNode, shape: string) {
      return makeListAtOnce(this, node, shape);
    }),
    [nativeNames.group]: define(function (node: ExpressionNode, ...input: unknown[]) {
      return group(this, node, input.length === 0 ? this.input : input[0]);
    }),
    [nativeNames.range]: define(function (first: unknown, last: unknown) {
      return makeRange(this, first, last);
    }),
    [nativeNames.rows]: define((rows: unknown, from: unknown, ...way: RowStep[]) => keepRow(rows, from, way)),
    [nativeNames.keyed]: define(function (...keys: unknown[]) {
      return keyItem(this, keys);
    }),
    [nativeNames.ordered]: define(function (items: KeyedItems, directions: string, unwraps: boolean | undefined) {
      return orderItems(this, items, directions, unwraps === true);
    }),
    [nativeNames.part]: define((value: unknown, name: string, becomesText: boolean | undefined) =>
      wholePart(value, name, becomesText === true),
    ),
    [nativeNames.field]: define(function (field: string, name: string) {
      return wholeField(this.input, field, name);
    }),
    [nativeNames.exact]: define(exact),
    [nativeNames.truth]: define(truth),
    [nativeNames.matched]: define(function (matches: unknown) {
      return matchedCopies(this, matches);
    }),
    // A transform looks up this name. The `$clone` of an expression has another, so that it can be a variable of its
    // own.
    clone: define(function (value: unknown) {
      return copyToTransform(this, value);
    }, 'clone'),
    [nativeNames.clone]: define(function (value: unknown) {
      return cloneData(value, runOf(this));
    }, 'clone'),

    now: replacing('now', function (picture: Text, timezone: Text) {
      const format = this.environment.lookup('fromMillis') as Definition;
      return Reflect.apply(format.implementation, this, [momentOf(this), picture, timezone] as never[]);
    }),
    millis: replacing('millis', function () {
      return momentOf(this);
    }),

    string: replacing('string', function (value: unknown, prettify: boolean | undefined) {
      return toText(this, value, prettify);
    }),
    join: replacing('join', function (texts: readonly string[] | undefined, separator: Text) {
      return join(this, texts, separator);
    }),
    pad: replacing('pad', function (text: Text, width: number, filler: Text) {
      return pad(this, text, width, filler);
    }),
    substring: replacing('substring', function (text: Text, start: number, length: number | undefined) {
      return substring(this, [text, start, length], standardSubstring);
    }),
    substringBefore: replacing('substringBefore', (text: Text, mark: string) => before(text, mark)),
    substringAfter: replacing('substringAfter', (text: Text, mark: string) => after(text, mark)),
    length: replacing('length', (text: Text) => length(text)),
    trim: replacing('trim', function (text: Text) {
      return trim(this, text);
    }),
    contains: replacing('contains', function (text: Text, pattern: string | Callback | undefined) {
      return contains(this, text, pattern);
    }),
    match: replacing('match', function (text: Text, pattern: Callback, limit: number | undefined) {
      return match(this, text, pattern, limit);
    }),
    split: replacing('split', function (text: Text, separator: string | Callback, limit: number | undefined) {
      return split(this, text, separator, limit);
    }),
    replace: replacing(
      'replace',
      function (text: Text, pattern: string | Callback, replacement: string | Callback, limit: number | undefined) {
        return replace(this, text, pattern, replacement, limit);
      },
    ),

    map: replacing('map', function (items: Items, callback: Callback) {
      return map(this, items, callback);
    }),
    filter: replacing('filter', function (items: Items, callback: Callback) {
      return filter(this, items, callback);
    }),
    single: replacing('single', function (items: Items, callback: Callback | undefined) {
      return single(this, items, callback);
    }),
    reduce: replacing('reduce', function (items: Items, callback: Callback, initial: unknown) {
      return reduce(this, items, callback, initial);
    }),
    each: replacing('each', function (fields: object | undefined, callback: Callback) {
      return each(this, fields, callback);
    }),
    sift: replacing('sift', function (fields: object | undefined, callback: Callback) {
      return sift(this, fields, callback);
    }),

    sort: replacing('sort', function (items: Items, comesAfter: Callback | undefined) {
      return sort(this, items, comesAfter);
    }),
    distinct: replacing('distinct', function (items: unknown) {
      return distinct(this, items);
    }),
    spread: replacing('spread', function (value: unknown) {
      return spread(this, value);
    }),
    merge: replacing('merge', function (objects: readonly object[] | undefined) {
      return merge(this, objects);
    }),
    max: replacing('max', max),
    min: replacing('min', min),
    number: replacing('number', toNumber),
    type: replacing('type', typeOf),
    boolean: replacing('boolean', toBoolean),
    not: replacing('not', not),
    count: replacing('count', count),
    sum: replacing('sum', sum),
    average: replacing('average', average),
    power: replacing('power', power),
    round: replacing('round', round),
    ...Object.fromEntries(
      ['abs', 'floor', 'ceil', 'sqrt', 'lookup', 'exists', 'assert', 'error'].map((name) => [
        name,
        standardFunction(name) as Definition,
      ]),
    ),
    append: bounded('append', (budget, [first, second]) => {
      if (first !== undefined && second !== undefined) budget.makeList(lengthOf(first) + lengthOf(second));
    }),
    zip: bounded('zip', (budget, lists) => {
      budget.makeList(lists.length * lists.reduce<number>((least, list) => Math.min(least, lengthOf(list)), Infinity));
    }),

    ...Object.fromEntries(['lowercase', 'uppercase', 'base64encode'].map(counted)),
    ...Object.fromEntries(['base64decode', 'encodeUrl', 'encodeUrlComponent', 'decodeUrl'].map(counted)),
    ...Object.fromEntries(['decodeUrlComponent', 'reverse', 'shuffle', 'keys'].map(counted)),
    ...Object.fromEntries(
      ['formatNumber', 'formatInteger', 'parseInteger', 'formatBase'].map((name) => [name, withPicture(name)]),
    ),
    fromMillis: withDatePicture('fromMillis'),
    toMillis: withDatePicture('toMillis'),
  };
}

function replacing(name: string, implementation: Implementation): Definition {
  return define(implementation, name);
}

function counted(name: string): [string, Definition] {
  return [name, bounded(name)];
}

/**
 * Returns the time at which the evaluation began. JSONata's own functions return that of the evaluation that began
 * last.
 */
function momentOf({ environment }: Call): number {
  return environment.timestamp.getTime();
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 1;
}
