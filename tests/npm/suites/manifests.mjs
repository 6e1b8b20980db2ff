// Writes the manifests of persisted operations that the tools make of `operations/`: Apollo's, Relay's and the client preset's.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { codegen } from '@graphql-codegen/core';
import { preset } from '@graphql-codegen/client-preset';
import { buildSchema, parse } from 'graphql';
import { apiSdl, manifests } from './env.mjs';

const folder = manifests();
const operations = fileURLToPath(new URL('../operations/', import.meta.url));
const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));
const documents = readdirSync(operations).map((location) => {
  const rawSDL = readFileSync(join(operations, location), 'utf8');
  return { location, rawSDL, document: parse(rawSDL) };
});

// @graphql-codegen/client-preset
const schema = buildSchema(apiSdl());
const generates = await preset.buildGeneratesSection({
  baseOutputDir: 'generated/',
  schema: parse(apiSdl()),
  schemaAst: schema,
  documents,
  plugins: [],
  pluginMap: {},
  config: {},
  presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } },
});
for (const section of generates) {
  const output = await codegen(section);
  if (section.filename.endsWith('persisted-documents.json')) writeFileSync(join(folder, 'preset.json'), output);
}

// generate-persisted-query-manifest
writeFileSync(join(folder, 'persisted-query-manifest.config.json'), JSON.stringify({
  documents: join(operations, '*.graphql'), output: join(folder, 'apollo.json'),
}));
execFileSync(join(modules, '.bin/generate-persisted-query-manifest'), ['--config', join(folder, 'persisted-query-manifest.config.json')], { stdio: 'inherit' });

// relay-compiler
const relay = join(folder, 'relay');
mkdirSync(join(relay, 'src/__generated__'), { recursive: true });
writeFileSync(join(relay, 'schema.graphql'), apiSdl());
writeFileSync(join(relay, 'package.json'), '{}');
writeFileSync(join(relay, 'src/app.js'), 'graphql`query appRelayQuery { books(first: 1) { title ...app_book } }`;\ngraphql`fragment app_book on Book { id reviews { stars } }`;\n');
writeFileSync(join(relay, 'relay.config.json'), JSON.stringify({
  src: './src', schema: './schema.graphql', language: 'javascript', artifactDirectory: './src/__generated__',
  persistConfig: { file: join(folder, 'relay.json'), algorithm: 'SHA256' },
}));
writeFileSync(join(folder, 'relay.json'), '{}');
execFileSync(join(modules, '.bin/relay-compiler'), ['relay.config.json'], { cwd: relay, stdio: 'inherit' });
