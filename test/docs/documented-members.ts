import { readFileSync } from 'node:fs';
import ts from 'typescript59';
import { sourceFiles } from '../source-imports.ts';

/** A member of an interface, with its docstring as Markdown. */
export interface DocumentedMember {
  readonly text: string;
  readonly type: ts.TypeNode;
}

type Members = ReadonlyMap<string, DocumentedMember>;

const root = new URL('../../', import.meta.url);

/** The interfaces of the sources, by name, and the aliases of types. */
export class DocumentedTypes {
  readonly #interfaces = new Map<string, ts.InterfaceDeclaration>();
  readonly #aliases = new Map<string, ts.TypeNode>();

  constructor(files = sourceFiles('src')) {
    for (const path of files) {
      const text = readFileSync(new URL(path, root), 'utf8');
      const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      for (const statement of source.statements) {
        if (ts.isInterfaceDeclaration(statement)) this.#interfaces.set(statement.name.text, statement);
        if (ts.isTypeAliasDeclaration(statement)) this.#aliases.set(statement.name.text, statement.type);
      }
    }
  }

  /** Returns the members of an interface, those that it inherits included. */
  members(name: string): Members {
    const declaration = this.#interfaces.get(name);
    if (declaration === undefined) throw new Error(`There is no interface ${name}.`);
    const inherited = (declaration.heritageClauses ?? []).flatMap(({ types }) =>
      types.flatMap(({ expression }) => [...this.members(expression.getText())]),
    );
    return new Map([...inherited, ...membersOf(declaration.members)]);
  }

  /**
   * Returns the members of the first interface in a type that has members of these names; undefined if none has all.
   */
  membersIn(type: ts.TypeNode, names: readonly string[], depth = 0): Members | undefined {
    const fits = (members: Members) => names.every((name) => members.has(name));
    if (ts.isTypeLiteralNode(type)) {
      const members = new Map(membersOf(type.members));
      return fits(members) ? members : undefined;
    }
    if (ts.isTypeReferenceNode(type)) {
      const name = type.typeName.getText();
      if (this.#interfaces.has(name) && fits(this.members(name))) return this.members(name);
      const alias = this.#aliases.get(name);
      const found = alias && depth < maxDepth ? this.membersIn(alias, names, depth + 1) : undefined;
      if (found) return found;
    }
    return ts.forEachChild(type, (child) => (ts.isTypeNode(child) ? this.membersIn(child, names, depth) : undefined));
  }
}

/** An alias can stand for another alias. */
const maxDepth = 5;

function membersOf(elements: Iterable<ts.TypeElement>): [string, DocumentedMember][] {
  return [...elements].flatMap((element) => {
    if (!ts.isPropertySignature(element) || element.type === undefined) return [];
    return [[element.name.getText().replaceAll("'", ''), { text: docstringOf(element), type: element.type }]];
  });
}

function docstringOf(element: ts.PropertySignature): string {
  const [comment] = ts.getJSDocCommentsAndTags(element);
  const text = comment && ts.isJSDoc(comment) ? ts.getTextOfJSDocComment(comment.comment) : undefined;
  return (text ?? '').replaceAll('*\\/', '*/').replace(/\s+/g, ' ').trim();
}
