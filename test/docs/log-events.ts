import { readFileSync } from 'node:fs';
import ts from 'typescript59';
import { sourceFiles } from '../source-imports.ts';
import { readPage } from './page-code.ts';

/** A line that the code can log. */
export interface LogEvent {
  readonly event: string;
  readonly level: string;
  readonly fields: readonly string[];
}

const levels = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);
/** A name can stand for itself, and a call for its own caller. */
const maxDepth = 6;

const root = new URL('../../', import.meta.url);

/** Texts that stand elsewhere in their file than in the call that logs them. */
const named: Readonly<Record<string, readonly string[]>> = {
  'src/cli/delivery-log.ts': [
    ...['handled', 'not for this service', 'retried later', 'deferred', 'left in the queue', 'dead letter'],
    ...['requeued', 'resent', 'ignored', 'stopped'],
  ],
  'src/engine/amqp/consume/consumer-attachment.ts': ['consuming', 'suspended'],
};

/** Reads each call that logs something from the sources. */
export function logEvents(): LogEvent[] {
  const found = new Map<string, { levels: Set<string>; fields: Set<string> }>();
  for (const path of sourceFiles('src', 'routes')) {
    for (const { event, level, fields } of eventsIn(path)) {
      const entry = found.get(event) ?? { levels: new Set(), fields: new Set() };
      entry.levels.add(level);
      for (const field of fields) entry.fields.add(field);
      found.set(event, entry);
    }
  }
  return [...found]
    .map(([event, entry]) => ({ event, level: [...entry.levels].sort().join(', '), fields: [...entry.fields] }))
    .sort((one, other) => (one.event < other.event ? -1 : 1));
}

/** Returns the text of docs/monitoring.md, with the table of events as the code has it. */
export function monitoringPage(): string {
  const heading = '### Events\n';
  const [before = '', section = ''] = readPage('docs/monitoring.md').split(heading);
  const [table = '', ...others] = section.split(/(?=\n## )/);
  const kept = table.split('\n').filter((line) => !line.startsWith('| ') || line.startsWith('| event |'));
  return `${before}${heading}${kept.join('\n').trimEnd()}\n${eventRows().join('\n')}\n${others.join('')}`;
}

/** Returns the rows of the table of events. */
export function eventRows(): string[] {
  return logEvents().map(({ event, level, fields }) => {
    const names = fields.map((name) => `\`${name}\``).join(', ');
    return `| ${event.replaceAll('|', '\\|')} | ${level} | ${names} |`;
  });
}

function eventsIn(path: string): LogEvent[] {
  const text = readFileSync(new URL(path, root), 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const events: LogEvent[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) events.push(...eventsOf(node, path));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return events;
}

function eventsOf(call: ts.CallExpression, path: string): LogEvent[] {
  const { expression: callee, arguments: given } = call;
  if (!ts.isPropertyAccessExpression(callee)) return [];
  const isBounded = callee.name.text === 'write' && given.length === 4;
  const isLogger = /(^|[.#])(logger|log|reporter)(\(\))?$/.test(callee.expression.getText());
  if (!isBounded && !(isLogger && levels.has(callee.name.text))) return [];
  const last = given.at(-1);
  if (last === undefined) return [];
  const found = textsOf(last);
  const texts = found.length > 0 ? found : (named[path] ?? []);
  if (texts.length === 0) throw new Error(`${path}: the event of ${call.getText()} cannot be read`);
  const fields = given.length > 1 ? fieldsOf(given.at(isBounded ? 2 : 0)) : [];
  const level = isBounded ? levelOf(given[0]) : callee.name.text;
  return texts.map((event) => ({ event, level, fields: [...new Set(fields)] }));
}

function levelOf(node: ts.Expression | undefined): string {
  const texts = node ? textsOf(node) : [];
  return texts.length === 0 ? 'info, warn' : [...new Set(texts)].sort().join(', ');
}

/** Returns the texts that an expression can be; what is put into a text is shown as an ellipsis. */
function textsOf(node: ts.Node, depth = 0): string[] {
  if (depth > maxDepth) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue, depth), ...textsOf(node.whenFalse, depth)];
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map(
      ({ expression, literal }) => (textsOf(expression, depth + 1)[0] ?? '…') + literal.text,
    );
    return [node.head.text + spans.join('')];
  }
  if (ts.isPropertyAccessExpression(node) && node.name.text === 'warning') return [];
  if (!ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node)) return [];
  const { text: name } = ts.isIdentifier(node) ? node : node.name;
  return assignedTo(name, node.getSourceFile()).flatMap((value) => textsOf(value, depth + 1));
}

/** Returns what a name stands for anywhere in a file or a function: a constant, a property, or the argument for a parameter. */
function assignedTo(name: string, scope: ts.Node): ts.Expression[] {
  const values: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.name.getText() === name && node.initializer)
      values.push(node.initializer);
    if (ts.isPropertyAssignment(node) && node.name.getText() === name) values.push(node.initializer);
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      const { left } = node;
      if (ts.isPropertyAccessExpression(left) && left.name.text === name) values.push(node.right);
    }
    if (ts.isParameter(node) && node.name.getText() === name) values.push(...argumentsFor(node, node.getSourceFile()));
    ts.forEachChild(node, visit);
  };
  visit(scope);
  return values;
}

/** Returns what a name stands for in the innermost function around it that declares it. */
function declaredAround(name: ts.Identifier): ts.Expression[] {
  for (let scope: ts.Node = name.parent; ; scope = scope.parent) {
    if (!ts.isFunctionLike(scope) && !ts.isSourceFile(scope)) continue;
    const values = assignedTo(name.text, scope);
    if (values.length > 0 || ts.isSourceFile(scope)) return values;
  }
}

function argumentsFor(parameter: ts.ParameterDeclaration, source: ts.SourceFile): ts.Expression[] {
  const { parent } = parameter;
  const owner = 'name' in parent && parent.name ? parent.name.getText() : undefined;
  const index = parent.parameters.indexOf(parameter);
  const values: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression;
      const called = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
      const argument = node.arguments[index];
      if (called === owner && argument) values.push(argument);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return values;
}

const messageFields = ['messageId', 'correlationId', 'routingKey'];

/** Returns the names of the fields of an object, which can be built in several places of its file. */
function fieldsOf(node: ts.Node | undefined, depth = 0): string[] {
  if (node === undefined || depth > maxDepth) return [];
  if (ts.isParenthesizedExpression(node)) return fieldsOf(node.expression, depth + 1);
  if (ts.isConditionalExpression(node))
    return [...fieldsOf(node.whenTrue, depth + 1), ...fieldsOf(node.whenFalse, depth + 1)];
  if (ts.isBinaryExpression(node)) return fieldsOf(node.right, depth + 1);
  if (ts.isArrowFunction(node)) return fieldsOf(node.body, depth + 1);
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.flatMap((property) => {
      if (ts.isSpreadAssignment(property)) return fieldsOf(property.expression, depth + 1);
      return property.name ? [property.name.getText()] : [];
    });
  }
  const source = node.getSourceFile();
  if (ts.isCallExpression(node)) {
    const called = node.expression.getText().replace(/^this\./, '');
    if (called === 'describeMessage') return messageFields;
    const bodies = bodiesOf(called, source);
    if (bodies.length > 0) return bodies.flatMap((body) => fieldsOf(body, depth + 1));
  }
  if (ts.isIdentifier(node)) {
    const values = declaredAround(node);
    if (values.length > 0) return values.flatMap((value) => fieldsOf(value, depth + 1));
  }
  return ['…'];
}

/** Returns what a function or a method of a file returns. */
function bodiesOf(name: string, source: ts.SourceFile): ts.Node[] {
  const returned: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    const isNamed =
      (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) && node.name?.getText() === name && node.body;
    if (isNamed) {
      const collect = (inner: ts.Node): void => {
        if (ts.isReturnStatement(inner) && inner.expression) returned.push(inner.expression);
        ts.forEachChild(inner, collect);
      };
      collect(isNamed);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return returned;
}
