// What every suite is told by the program that runs it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The endpoint. */
export const url = required('ROUTER_URL');

/** The schema that clients see, as SDL. */
export const apiSdl = () => readFileSync(required('ROUTER_API_SDL'), 'utf8');

/** The folder with the manifests that `manifests.mjs` wrote. */
export const manifests = () => required('ROUTER_MANIFESTS');

/** Shows that a request is not a form of another site. */
export const preflight = { 'coko-preflight': '1' };

export const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; the gateway's tests run these suites`);
  return value;
}
