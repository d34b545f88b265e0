import { ConfigSchema } from '../../src/config/config.ts';
import { longestTimeoutMs } from '../../src/time/timeout.ts';
import { type DocumentedMember, DocumentedTypes } from './documented-members.ts';

/** A setting, as the page lists it. */
interface Setting {
  /** Such as `http.port`, or `routes.events[].keys`. */
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

/** A JSON Schema, as far as the schemas of settings use its keywords. */
interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

const types = new DocumentedTypes();

/** Returns every setting, in the order of the schema. */
export function settings(): Setting[] {
  return settingsIn(ConfigSchema as Schema, types.members('Config'), '');
}

/** Returns the text of docs/settings.md. */
export function settingsPage(): string {
  const all = settings();
  const sections = [...new Set(all.map(sectionOf))];
  const parts = sections.map((section) => {
    const rows = all.filter((setting) => sectionOf(setting) === section);
    if (section === '') return `## The service\n\n${table(rows)}`;
    const [{ text } = { text: '' }, ...inner] = rows;
    return `## \`${section}\`\n\n${text}\n\n${table(inner)}`;
  });
  return `${introduction}\n${variablesTable(all)}\n\n${parts.join('\n\n')}\n`;
}

const introduction = `# Settings

This page lists every setting, from the schema that checks the configuration. \`[]\` stands for each item of a list, and
\`<name>\` for each name that you choose. An unknown setting, or one with a wrong type, prevents the start; the error has
its path and the reason. [Running it](running.md) describes the configuration file, and says which settings can change
while the gateway runs.

## Environment variables

A variable overrides the setting in the same row. A variable whose name ends in \`_FILE\` names a file that holds the value.

| Variable | Setting |
|---|---|`;

function variablesTable(all: readonly Setting[]): string {
  return all
    .flatMap(({ path, text }) => {
      const [, sentence = ''] =
        /(`[A-Z][A-Z_]+`(?: or `[A-Z][A-Z_]+`)? overrides? it|`[A-Z][A-Z_]+=\w+` sets)/.exec(text) ?? [];
      return [...sentence.matchAll(/`([A-Z_]+)[`=]/g)].map(([, name]) => `| \`${name}\` | \`${path}\` |`);
    })
    .join('\n');
}

function table(rows: readonly Setting[]): string {
  const lines = rows.map(({ path, type, text }) => `| \`${path}\` | ${cell(type)} | ${cell(text)} |`);
  return ['| Setting | Type | Meaning |', '|---|---|---|', ...lines].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function sectionOf({ path }: Setting): string {
  const [section = '', ...rest] = path.split(/[.[]/);
  return rest.length === 0 && !sectionNames.has(section) ? '' : section;
}

const sectionNames = new Set(
  Object.entries(ConfigSchema.properties)
    .filter(([, schema]) => partsOf(schema as Schema, '').length > 0)
    .map(([name]) => name),
);

function settingsIn(schema: Schema, members: ReadonlyMap<string, DocumentedMember>, prefix: string): Setting[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const member = members.get(name);
    if (member === undefined) throw new Error(`The setting ${prefix}${name} has no docstring.`);
    const path = `${prefix}${name}`;
    const type = `${describeType(property)}${required.has(name) && prefix !== '' ? ', required' : ''}`;
    return [{ path, type, text: member.text }, ...innerSettings(property, member, path)];
  });
}

function innerSettings(schema: Schema, member: DocumentedMember, path: string): Setting[] {
  return partsOf(schema, path).flatMap((part) => {
    const listedAs = sections.get(part.schema.properties) ?? part.path;
    if (listedAs !== part.path) return [{ path: `${part.path}.…`, type: 'object', text: `See \`${listedAs}\`.` }];
    sections.set(part.schema.properties, part.path);
    const members = types.membersIn(member.type, Object.keys(part.schema.properties ?? {}));
    if (members === undefined) throw new Error(`No interface documents the settings of ${part.path}.`);
    return settingsIn(part.schema, members, `${part.path}.`);
  });
}

/** The path under which the settings of an object are listed, by their schemas: some objects stand in several places. */
const sections = new Map(
  Object.entries(ConfigSchema.properties).map(([name, schema]) => [(schema as Schema).properties, name]),
);

/** Returns the objects of settings inside a schema, each with its path. */
function partsOf(schema: Schema, path: string): { readonly schema: Schema; readonly path: string }[] {
  if (schema.properties) return [{ schema, path }];
  const inner = [
    ...(schema.anyOf ?? []).map((option) => ({ option, at: path })),
    ...(schema.items ? [{ option: schema.items, at: `${path}[]` }] : []),
    ...Object.values(schema.patternProperties ?? {}).map((option) => ({ option, at: `${path}.<name>` })),
  ];
  return inner.flatMap(({ option, at }) => partsOf(option, at));
}

function describeType(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(describeType))].join(', or ');
  if (schema.items) return schema.items.type === undefined ? 'list' : `list: ${describeType(schema.items)}`;
  if (schema.patternProperties) return 'object by name';
  if (schema.type === 'integer' && schema.maximum === longestTimeoutMs) return 'milliseconds';
  if (schema.type === 'integer' || schema.type === 'number') return `${schema.type}${boundsOf(schema)}`;
  if (schema.type === 'string') return 'text';
  return schema.type ?? 'any';
}

function boundsOf({ minimum, maximum }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  return maximum === undefined ? '' : `, at most ${maximum}`;
}
