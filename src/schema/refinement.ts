/** A check of a schema that is a function. TypeBox runs it after the keywords of the schema. */
export interface Refinement {
  readonly check: (value: unknown) => boolean;
  readonly error: (value: unknown) => string;
}

/** A refinement that does the work of a keyword. */
export interface KeywordRefinement extends Refinement {
  readonly keyword: string;
}

/** Adds a check before those of the schema's author, which may rely on it. */
export function addRefinement(schema: object, refinement: Refinement): void {
  const others = (schema as { readonly '~refine'?: readonly Refinement[] })['~refine'] ?? [];
  Object.defineProperty(schema, '~refine', { value: [refinement, ...others], configurable: true });
}
