// urql: queries, mutations, @defer, persisted queries.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client, cacheExchange, fetchExchange, gql } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { preflight, sha256, url } from './env.mjs';

function client(exchanges, options = {}) {
  const sent = [];
  const recording = (address, init) => {
    sent.push({ method: init.method, hasQuery: /"query"|[?&]query=/.test(`${address} ${init.body ?? ''}`) });
    return fetch(address, init);
  };
  return {
    sent,
    client: new Client({
      url, fetch: recording, fetchOptions: { headers: preflight }, preferGetMethod: false, ...options,
      exchanges: [cacheExchange, ...exchanges, fetchExchange],
    }),
  };
}

test('queries and mutations', async () => {
  const { client: urql } = client([]);
  const { data, error } = await urql.query(gql`query ($first: Int!) { books(first: $first) { title } }`, { first: 1 });
  assert.equal(error, undefined);
  assert.deepEqual(data.books.map(({ title }) => title), ['Une si longue lettre']);
  const renamed = await urql.mutation(gql`mutation { rename(id: "1", title: "New") { title } }`, {});
  assert.equal(renamed.data.rename.title, 'New');
});

test('what is deferred follows', async () => {
  const { client: urql } = client([]);
  const query = gql`{ book(id: "1") { id title ... @defer { rating } } }`;
  const results = [];
  await new Promise((resolve) => {
    urql.query(query, {}).subscribe((result) => {
      results.push(result);
      if (!result.hasNext && !result.stale) resolve();
    });
  });
  assert.deepEqual(results.map(({ error }) => error), results.map(() => undefined));
  assert.ok(results[0].hasNext);
  assert.equal(results[0].data.book.title, 'Une si longue lettre');
  assert.equal(results.at(-1).data.book.rating, 10);
});

for (const preferGetForPersistedQueries of [false, true]) {
  test(`persisted queries by ${preferGetForPersistedQueries ? 'GET' : 'POST'}`, async () => {
    const exchange = persistedExchange({ preferGetForPersistedQueries, generateHash: async (text) => sha256(text) });
    const { client: urql, sent } = client([exchange], { requestPolicy: 'network-only' });
    const query = gql(`query Urql${preferGetForPersistedQueries} { books { title reviews { stars } } }`);
    for (let round = 0; round < 2; round += 1) {
      const { data, error } = await urql.query(query, {});
      assert.equal(error, undefined);
      assert.equal(data.books.length, 3);
    }
    assert.deepEqual(sent.map(({ hasQuery }) => hasQuery), [false, true, false]);
  });
}
