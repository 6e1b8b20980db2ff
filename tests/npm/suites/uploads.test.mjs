// apollo-upload-client: files by the GraphQL multipart request specification.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ApolloClient, InMemoryCache, gql } from '@apollo/client';
import UploadHttpLink from 'apollo-upload-client/UploadHttpLink.mjs';
import { url } from './env.mjs';

const link = new UploadHttpLink({ uri: url, headers: { 'apollo-require-preflight': 'true' } });
const apollo = new ApolloClient({ link, cache: new InMemoryCache() });
const file = (name, text) => new File([text], name, { type: 'text/plain' });

test('one file', async () => {
  const { data } = await apollo.mutate({
    mutation: gql`mutation ($file: Upload!) { store(file: $file) { name media text } }`,
    variables: { file: file('é "a".txt', 'text\r\n') },
  });
  assert.deepEqual(data.store, { __typename: 'Stored', name: 'é %22a%22.txt', media: 'text/plain', text: 'text\r\n' });
});

test('several files within an input, to two subgraphs', async () => {
  const { data } = await apollo.mutate({
    mutation: gql`mutation ($cover: CoverInput!, $other: Upload!) {
      storeAll(cover: $cover) { text } archive(file: $other) { text }
    }`,
    variables: { cover: { title: 'T', pages: [file('1', 'one'), file('2', 'two')] }, other: file('3', 'three') },
  });
  assert.deepEqual(data.storeAll.map(({ text }) => text), ['', 'one', 'two']);
  assert.equal(data.archive.text, 'three');
});
