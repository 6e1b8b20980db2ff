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

for (const options of [
  { descriptions: true },
  { descriptions: true, schemaDescription: true, directiveIsRepeatable: true, specifiedByUrl: true, inputValueDeprecation: true },
]) {
  test(`introspection with ${JSON.stringify(options)} is graphql-js's`, async () => {
    const expected = introspectionFromSchema(buildSchema(apiSdl()), options);
    const data = await introspect(options);
    const shown = ({ __schema: { directives, ...schema } }) => ({
      // Which built-in directives there are depends on the version of graphql-js.
      directives: sorted(directives).filter(({ name }) => ['skip', 'include', 'deprecated'].includes(name)),
      schema: sorted(schema),
    });
    assert.deepEqual(shown(data), shown(expected));
  });
}

test('a client schema made of the introspection prints as the SDL', async () => {
  const client = buildClientSchema(await introspect({ specifiedByUrl: true, inputValueDeprecation: true }));
  const print = (schema) => printSchema(lexicographicSortSchema(schema)).replaceAll(/^directive @.*\n+/gm, '');
  assert.equal(print(client), print(buildSchema(apiSdl())));
});
