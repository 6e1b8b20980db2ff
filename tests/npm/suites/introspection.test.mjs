// graphql-js reads the router's introspection as it reads the schema itself.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  buildClientSchema, buildSchema, getIntrospectionQuery, introspectionFromSchema, lexicographicSortSchema, printSchema,
} from 'graphql';
import { apiSdl, url } from './env.mjs';

async function introspect(options) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: getIntrospectionQuery(options) }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return data;
}

/** The same with every list that has no meaning in its order sorted by name. */
function sorted(value) {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    return items.every((item) => typeof item?.name === 'string')
      ? items.sort((a, b) => (a.name < b.name ? -1 : 1))
      : items;
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/** A built-in directive as the specification has it: descriptions are graphql-js's own, and one place is a draft's. */
function builtIn({ name, locations, args }) {
  const places = locations.filter((place) => place !== 'DIRECTIVE_DEFINITION').sort();
  return { name, places, args: args.map(({ name, defaultValue, type }) => ({ name, defaultValue, type })) };
}

const scalars = ['Boolean', 'Float', 'ID', 'Int', 'String'];

/**
 * The types but those of introspection itself, to which graphql-js adds what is only a draft; of built-in scalars without the
 * description, which the specification leaves open.
 */
function comparable(types) {
  const own = types.filter((type) => !type.name.startsWith('__'));
  return own.map((type) => (scalars.includes(type.name) ? { ...type, description: undefined } : type));
}

/** The fields of introspection's own types, as `Type.field`. */
function meta(types) {
  const own = types.filter((type) => type.name.startsWith('__'));
  return own.flatMap((type) => (type.fields ?? type.enumValues).map((field) => `${type.name}.${field.name}`));
}

const everything = {
  descriptions: true, schemaDescription: true, directiveIsRepeatable: true, specifiedByUrl: true,
  inputValueDeprecation: true, oneOf: true, experimentalDirectiveDeprecation: false,
};
const little = Object.fromEntries(Object.keys(everything).map((option) => [option, false]));

for (const [name, options] of Object.entries({ everything, little })) {
  test(`introspection with ${name} is graphql-js's`, async () => {
    const { __schema: expected } = introspectionFromSchema(buildSchema(apiSdl()), options);
    const { __schema: shown } = await introspect(options);
    const { directives: expectedDirectives, types: expectedTypes, ...expectedRest } = sorted(expected);
    const { directives, types, ...rest } = sorted(shown);
    assert.deepEqual(rest, expectedRest);
    assert.deepEqual(comparable(types), comparable(expectedTypes));
    const known = new Set(meta(expectedTypes));
    assert.deepEqual(meta(types).filter((field) => !known.has(field)), []);
    for (const name of ['skip', 'include', 'deprecated', 'specifiedBy', 'oneOf']) {
      const called = (all) => builtIn(all.find((directive) => directive.name === name));
      assert.deepEqual(called(directives), called(expectedDirectives));
    }
  });
}

test('a client schema made of the introspection prints as the SDL', async () => {
  const client = buildClientSchema(await introspect({ ...everything }));
  const print = (schema) => printSchema(lexicographicSortSchema(schema)).replaceAll(/^directive @.*\n+/gm, '');
  assert.equal(print(client), print(buildSchema(apiSdl())));
});
