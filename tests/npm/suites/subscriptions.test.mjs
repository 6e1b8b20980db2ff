// Subscriptions by each client and protocol: graphql-ws, graphql-sse (distinct connections), multipart over HTTP. The program that
// runs this suite makes something happen all the time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import WebSocket from 'ws';
import { url } from './env.mjs';

const query = 'subscription Changed { changed(id: 2) { id title } }';
const expected = { id: '2', title: "L'Enfant noir" };
const ws = () => createWs({ url: url.replace(/^http/, 'ws'), webSocketImpl: WebSocket, lazy: true, retryAttempts: 0 });
const withoutTypes = ({ __typename, ...rest }) => rest;

/** The first answers of an asynchronous iterator, which is then ended. */
async function take(iterator, count) {
  const taken = [];
  for await (const answer of iterator) {
    assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
    taken.push(withoutTypes(answer.data.changed));
    if (taken.length === count) break;
  }
  return taken;
}

/** The first answers of an observable or a source of urql's, which is then unsubscribed from. */
const observe = (subscribe, count) => new Promise((resolve, reject) => {
  const taken = [];
  const subscription = subscribe((answer) => {
    if (answer.error) return reject(answer.error);
    // Another may come before this one has been unsubscribed from.
    if (taken.length === count) return undefined;
    taken.push(withoutTypes(answer.data.changed));
    if (taken.length === count) setImmediate(() => { subscription.unsubscribe(); resolve(taken); });
    return undefined;
  }, reject);
});

test('graphql-ws', async () => {
  const client = ws();
  assert.deepEqual(await take(client.iterate({ query }), 2), [expected, expected]);
  // Queries over the same connection.
  for await (const { data } of client.iterate({ query: '{ books(first: 1) { id } }' })) {
    assert.equal(data.books[0].id, '1');
  }
  await client.dispose();
});

test('graphql-sse, distinct connections', async () => {
  const client = createSse({ url, singleConnection: false });
  assert.deepEqual(await take(client.iterate({ query }), 2), [expected, expected]);
  client.dispose();
});

test('Apollo Client over graphql-ws', async () => {
  const socket = ws();
  const apollo = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() });
  const subscribe = (next, error) => apollo.subscribe({ query: gql(query) }).subscribe({ next, error });
  assert.deepEqual(await observe(subscribe, 2), [expected, expected]);
  await socket.dispose();
});

test('Apollo Client by multipart over HTTP', async () => {
  const apollo = new ApolloClient({ link: new HttpLink({ uri: url }), cache: new InMemoryCache() });
  const subscribe = (next, error) => apollo.subscribe({ query: gql(query) }).subscribe({ next, error });
  assert.deepEqual(await observe(subscribe, 2), [expected, expected]);
});

test('urql over graphql-ws', async () => {
  const socket = ws();
  const forwardSubscription = ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
  });
  const urql = new Client({
    url, preferGetMethod: false, exchanges: [cacheExchange, fetchExchange, subscriptionExchange({ forwardSubscription })],
  });
  const subscribe = (next) => urql.subscription(query, {}).subscribe(next);
  assert.deepEqual(await observe(subscribe, 2), [expected, expected]);
  await socket.dispose();
});
