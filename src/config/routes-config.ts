import Type, { type Static } from 'typebox';
import type { Routes } from '../bus/service-map.ts';
import { validateRoutes } from '../bus/validate-routes.ts';
import { compileSchema, type SchemaCheck } from '../schema/schema-check.ts';
import { closed, type SameSettings } from './setting-types.ts';

const EventRouteSchema = Type.Object(
  {
    keys: Type.Array(Type.String(), { minItems: 1 }),
    queue: Type.String(),
    except: Type.Optional(Type.Array(Type.String())),
  },
  closed,
);

/** The schema of `routes`, whose interface is that of the service map. */
export const RoutesSchema = Type.Object(
  {
    services: Type.Optional(Type.Record(Type.String(), Type.Object({ queue: Type.String() }, closed))),
    events: Type.Optional(Type.Array(EventRouteSchema)),
  },
  closed,
);

true satisfies SameSettings<Routes, Static<typeof RoutesSchema>>;

let compiled: SchemaCheck<Static<typeof RoutesSchema>> | undefined;

/** Validates the names in routes. The schema reports routes of another form. */
export function validateRoutesConfig(routes: Routes): string[] {
  // Compiled for the first configuration with routes, because compiling takes a part of the start.
  compiled ??= compileSchema(RoutesSchema);
  return compiled.check(routes) ? validateRoutes(routes) : [];
}
