// Persisted operations as tools register them; the router runs nothing else and takes ids only.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { print } from 'graphql';
import { manifests, url } from './env.mjs';

const read = (name) => JSON.parse(readFileSync(join(manifests(), name), 'utf8'));
const apollo = read('apollo.json').operations;
const registered = {
  'generate-persisted-query-manifest': apollo.map(({ id }) => id),
  'relay-compiler': Object.keys(read('relay.json')),
  'client-preset': Object.keys(read('preset.json')),
};
const variables = { first: 1 };

async function post(body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...(await response.json()) };
}

for (const [tool, ids] of Object.entries(registered)) {
  test(`operations registered by ${tool}`, async () => {
    assert.ok(ids.length > 0);
    for (const id of ids) {
      for (const body of [
        { documentId: id, variables },
        { documentId: `sha256:${id}`, variables },
        { id, variables },
        { extensions: { persistedQuery: { version: 1, sha256Hash: id } }, variables },
      ]) {
        const { status, data, errors } = await post(body);
        assert.equal(errors, undefined, JSON.stringify(errors));
        assert.equal(status, 200);
        assert.ok(data.books?.length === 1 || data.latestReview.stars === 5);
      }
      const response = await fetch(`${url}/${id}?variables=${encodeURIComponent(JSON.stringify(variables))}`);
      assert.equal(response.status, 200);
      assert.ok((await response.json()).data);
    }
  });
}

test('Apollo Client with the ids of its manifest', async () => {
  const ids = new Map(apollo.map(({ name, id }) => [name, id]));
  const byName = (document) => {
    const { name } = document.definitions.find(({ kind }) => kind === 'OperationDefinition');
    return ids.get(name.value);
  };
  const link = ApolloLink.from([
    new PersistedQueryLink({ generateHash: byName, disable: () => false }),
    new HttpLink({ uri: url }),
  ]);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const query = gql(readFileSync(new URL('../operations/books.graphql', import.meta.url), 'utf8'));
  const { data } = await client.query({ query, variables });
  assert.equal(data.books[0].title, 'Une si longue lettre');
  assert.equal(byName(gql`query Latest { latestReview { stars } }`), ids.get('Latest'));
  // A text is refused, even one that is registered.
  const { status } = await post({ query: print(query), variables });
  assert.equal(status, 403);
});
