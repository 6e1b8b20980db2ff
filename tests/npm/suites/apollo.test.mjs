// Apollo Client: queries, mutations, errors, automatic persisted queries, batches, @defer.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { preflight, sha256, url } from './env.mjs';

/** A client whose requests are kept. */
function client({ links = [], Last = HttpLink } = {}) {
  const bodies = [];
  const recording = async (address, init) => {
    bodies.push({ method: init.method, address: String(address), body: init.body && JSON.parse(init.body) });
    return fetch(address, init);
  };
  const link = ApolloLink.from([...links, new Last({ uri: url, fetch: recording })]);
  return { client: new ApolloClient({ link, cache: new InMemoryCache() }), bodies };
}

const BOOKS = gql`query Books($first: Int!) { books(first: $first) { id title reviews { stars } } }`;

test('queries and mutations', async () => {
  const { client: apollo } = client();
  const { data } = await apollo.query({ query: BOOKS, variables: { first: 2 } });
  assert.equal(data.books.length, 2);
  assert.equal(data.books[0].__typename, 'Book');
  assert.equal(data.books[0].reviews[0].stars, 4);
  const renamed = await apollo.mutate({
    mutation: gql`mutation { rename(id: "1", title: "New") { id title } }`,
  });
  assert.equal(renamed.data.rename.title, 'New');
});

test('errors have codes', async () => {
  const { client: apollo } = client();
  const error = await apollo.query({ query: gql`{ nope }` }).catch((error) => error);
  assert.ok(CombinedGraphQLErrors.is(error), String(error));
  assert.equal(error.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
});

test('automatic persisted queries: by hash, then with the text, then by hash alone', async () => {
  const apq = new PersistedQueryLink({ sha256, useGETForHashedQueries: false });
  const { client: apollo, bodies } = client({ links: [apq] });
  const query = gql`query ByHash { books { title } }`;
  for (let round = 0; round < 2; round += 1) {
    const { data } = await apollo.query({ query, fetchPolicy: 'network-only' });
    assert.equal(data.books.length, 3);
  }
  assert.deepEqual(bodies.map(({ body }) => Boolean(body.query)), [false, true, false]);
});

test('automatic persisted queries by GET', async () => {
  const apq = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  const bodies = [];
  const http = new HttpLink({
    uri: url, headers: preflight, fetch: (address, init) => { bodies.push(init.method); return fetch(address, init); },
  });
  const apollo = new ApolloClient({ link: ApolloLink.from([apq, http]), cache: new InMemoryCache() });
  const query = gql`query ByGet { books { id } }`;
  for (let round = 0; round < 2; round += 1) {
    const { data } = await apollo.query({ query, fetchPolicy: 'network-only' });
    assert.equal(data.books.length, 3);
  }
  assert.deepEqual(bodies, ['GET', 'POST', 'GET']);
});

test('several operations in one request', async () => {
  const { client: apollo, bodies } = client({ Last: BatchHttpLink });
  const answers = await Promise.all([
    apollo.query({ query: gql`{ books { id } }` }),
    apollo.query({ query: gql`{ latestReview { stars } }` }),
  ]);
  assert.equal(answers[0].data.books.length, 3);
  assert.equal(answers[1].data.latestReview.stars, 5);
  assert.equal(bodies.length, 1);
  assert.ok(Array.isArray(bodies[0].body));
});

test('what is deferred follows', async () => {
  const accepted = [];
  const recording = async (address, init) => {
    const response = await fetch(address, init);
    accepted.push([new Headers(init.headers).get('accept'), response.headers.get('content-type')]);
    return response;
  };
  const apollo = new ApolloClient({
    link: new HttpLink({ uri: url, fetch: recording }),
    cache: new InMemoryCache(),
    incrementalHandler: new Defer20220824Handler(),
  });
  const query = gql`query Deferred { books(first: 2) { id title ... @defer(label: "more") { rating reviews { stars } } } }`;
  const results = [];
  await new Promise((resolve, reject) => {
    apollo.watchQuery({ query, fetchPolicy: 'network-only' }).subscribe({
      next: (result) => {
        if (result.error) reject(result.error);
        results.push(result);
        if (result.dataState === 'complete') resolve();
      },
      error: reject,
    });
  });
  const [[accept, type]] = accepted;
  assert.match(accept, /multipart\/mixed;\s*deferSpec=20220824/);
  assert.match(type, /^multipart\/mixed/);
  const streaming = results.filter(({ dataState }) => dataState === 'streaming');
  assert.ok(streaming.length > 0);
  assert.deepEqual(streaming[0].data.books.map(({ title, rating }) => [title, rating]), [
    ['Une si longue lettre', undefined], ["L'Enfant noir", undefined],
  ]);
  const { data } = results.at(-1);
  assert.deepEqual(data.books.map(({ rating, reviews }) => [rating, reviews[0].stars]), [[10, 4], [20, 4]]);
});
