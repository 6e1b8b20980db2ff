// graphql-http's audit of servers: GraphQL over HTTP, every MUST (error) and SHOULD (warn).
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverAudits } from 'graphql-http';
import { preflight, url } from './env.mjs';

const fetchFn = (address, init = {}) =>
  fetch(address, { ...init, headers: { ...preflight, ...init.headers } });

const audits = serverAudits({ url, fetchFn });
assert.ok(audits.length > 50);

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async (context) => {
    const result = await audit.fn();
    if (result.status === 'ok') return;
    // What the specification only allows is reported and no fault.
    if (result.status === 'notice') return context.diagnostic(`not done, and need not be: ${result.reason}`);
    const body = await result.response?.text().catch(() => '');
    assert.fail(`${result.status}: ${result.reason} ${result.response?.status} ${body}`);
  });
}
