import type { Issue } from '../errors.ts';
import { isRecord } from './is-record.ts';
import type { IssueCollector } from './issue-collector.ts';
import { type Explain, type NodeScope, noConversions, type SchemaNode } from './node-scope.ts';
import { countedApart } from './safe-patterns.ts';
import { compileSchema, type Schema } from './schema-check.ts';
import { type Keywords, keywordsOf } from './schema-keywords.ts';

/** A function that compiles a schema for explanations. */
export type CompileNode = (schema: Schema, scope: NodeScope) => SchemaNode;

/**
 * The keywords that apply schemas to the value itself or to its names (JSON Schema 2020-12, Core, sections 10.2 and
 * 10.3.2.4). To name the issues, TypeBox would interpret such a schema for each part of a value, and once more for each
 * branch around it. Of these keywords, only `oneOf` coerces a value, as a union.
 */
export const applicatorKeywords = ['not', 'if', 'then', 'else', 'dependentSchemas', 'propertyNames', 'oneOf'] as const;

/** Returns the explanations of these keywords of a schema. */
export function explainApplicators(schema: Schema, outer: NodeScope, compile: CompileNode): readonly Explain[] {
  const keywords = keywordsOf(schema) as Applicators;
  const scope = withoutConversions(outer);
  const apply = (part: unknown) => new AppliedSchema(part, scope, compile);
  const explanations = [
    explainNot(keywords, apply),
    explainCondition(keywords, apply),
    explainNames(keywords, apply),
    explainExactlyOne(keywords, apply),
    ...Object.entries({ ...schemasOf(keywords.dependencies), ...keywords.dependentSchemas }).map(([name, part]) =>
      explainDependent(name, apply(part)),
    ),
  ];
  return explanations.filter((explain) => explain !== undefined);
}

type Applicators = Keywords & {
  readonly not?: unknown;
  readonly if?: unknown;
  readonly then?: unknown;
  readonly else?: unknown;
  readonly propertyNames?: unknown;
  readonly dependentSchemas?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, unknown>>;
};

type Apply = (part: unknown) => AppliedSchema;

/** A schema that is compiled for the first value that it is applied to, because it can refer to the schema around it. */
class AppliedSchema {
  readonly #schema: Schema | boolean;
  readonly #scope: NodeScope;
  readonly #compile: CompileNode;
  #check: ((value: unknown) => boolean) | undefined;
  #node: SchemaNode | undefined;

  constructor(schema: unknown, scope: NodeScope, compile: CompileNode) {
    this.#schema = schema as Schema | boolean;
    this.#scope = scope;
    this.#compile = compile;
  }

  check(value: unknown): boolean {
    if (typeof this.#schema === 'boolean') return this.#schema;
    this.#check ??= compileSchema(this.#schema, this.#scope.definitions).check;
    const check = this.#check;
    return countedApart(() => check(value));
  }

  /** Adds the reasons why a value does not fit. @param otherwise the issue of a value without a reason */
  explain(value: unknown, collector: IssueCollector, otherwise: Issue): void {
    if (this.check(value)) return;
    const before = collector.issues.length;
    if (typeof this.#schema !== 'boolean') {
      this.#node ??= this.#compile(this.#schema, this.#scope);
      this.#node.explain(value, collector);
    }
    if (collector.issues.length === before) collector.add([otherwise]);
  }
}

function explainNot({ not }: Applicators, apply: Apply): Explain | undefined {
  if (not === undefined) return undefined;
  const excluded = apply(not);
  return (value, collector) => {
    if (excluded.check(value)) collector.add([{ path: '', message: 'must not be valid' }]);
  };
}

function explainCondition(keywords: Applicators, apply: Apply): Explain | undefined {
  if (keywords.if === undefined) return undefined;
  const [condition, met, unmet] = [keywords.if, keywords.then ?? true, keywords.else ?? true].map(apply) as [
    AppliedSchema,
    AppliedSchema,
    AppliedSchema,
  ];
  return (value, collector) => {
    const [branch, name] = condition.check(value) ? [met, 'then'] : [unmet, 'else'];
    branch.explain(value, collector, { path: '', message: `must match "${name}" schema` });
  };
}

function explainDependent(name: string, dependent: AppliedSchema): Explain {
  return (value, collector) => {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return;
    dependent.explain(value, collector, { path: '', message: `must match the schema that '${name}' depends on` });
  };
}

function explainNames({ propertyNames }: Applicators, apply: Apply): Explain | undefined {
  if (propertyNames === undefined) return undefined;
  const names = apply(propertyNames);
  const explainName: Explain = (name, collector) => {
    const issues = collector.collectSeparately((value, inner) => names.explain(value, inner, unexpectedName), name);
    collector.add(issues.map(({ message }) => ({ path: '', message: `its name ${message}` })));
  };
  return (value, collector) => {
    if (!isRecord(value)) return;
    for (const name of Object.keys(value)) {
      if (collector.isFull) return;
      if (!names.check(name)) collector.descend(name, explainName, name);
    }
  };
}

const unexpectedName: Issue = { path: '', message: 'is not expected' };

/** Explains a value that several schemas accept. The union explains one that none accepts, if there is no `anyOf`. */
function explainExactlyOne({ oneOf, anyOf }: Applicators, apply: Apply): Explain | undefined {
  if (oneOf === undefined) return undefined;
  // One check of all schemas does not try each of a great many.
  const exactlyOne = apply({ oneOf });
  const any = apply({ anyOf: oneOf });
  return (value, collector) => {
    if (exactlyOne.check(value) || (anyOf === undefined && !any.check(value))) return;
    collector.add([{ path: '', message: 'must match exactly one schema in oneOf' }]);
  };
}

function schemasOf(dependencies: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(dependencies).filter(([, part]) => !Array.isArray(part)));
}

const scopesWithout = new WeakMap<NodeScope, NodeScope>();

/** Returns the scope without type converters, because a check applies none. */
function withoutConversions(scope: NodeScope): NodeScope {
  if (scope.conversions === noConversions) return scope;
  const without = scopesWithout.get(scope) ?? { ...scope, references: new Map(), conversions: noConversions };
  scopesWithout.set(scope, without);
  return without;
}
