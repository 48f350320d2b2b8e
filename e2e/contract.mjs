// Holds the running program against its own description: `node e2e/contract.mjs`.
//
// A demo on loopback, an API key of its owner with every permission that a key can have, and schemathesis, which makes up requests from
// the description and looks at whatever is answered. Bounded in examples and time, with the same requests each time. The last line is
// `N passed, N failed`.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startDemo } from './lib/demo.mjs';
import { STEP_SECONDS, totp } from './lib/totp.mjs';

const PYTHON_PACKAGES = process.env.BAILIWICK_SCHEMATHESIS;
/** Seconds for all requests together. */
const LONGEST = 100;
/** Made-up requests for each operation at most. */
const EXAMPLES = 12;
/**
 * What is looked at. Left out is whether a request that fits the description is accepted: whether there is such a thing, and whether its
 * state allows it, no description says.
 */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
  'ignored_auth',
];

async function ask(demo, method, address, token, body) {
  const headers = { accept: 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  if (body) headers['content-type'] = 'application/json';
  const answer = await fetch(`${demo.url}${address}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** A session of the owner, as a program signs in. */
async function signIn(demo) {
  const { address, password, totp_secret: secret } = demo.signIns.owner;
  const first = await ask(demo, 'POST', '/v1/sign-in', undefined, { address, password });
  if (first.next === null) return first.token;
  const step = Math.floor(Date.now() / 1000 / STEP_SECONDS);
  const code = totp(secret, step * STEP_SECONDS * 1000);
  return (await ask(demo, 'POST', '/v1/sign-in/code', first.token, { code })).token;
}

async function key(demo) {
  const session = await signIn(demo);
  const me = await ask(demo, 'GET', '/v1/me', session);
  const made = await ask(demo, 'POST', '/v1/api-keys', session, { name: 'Contract', scopes: me.permissions });
  return made.secret;
}

function schemathesis(demo, secret, folder) {
  const args = ['-m', 'schemathesis.cli', 'run', `${demo.url}/v1/openapi.json`];
  args.push('--header', `Authorization: Bearer ${secret}`, '--checks', CHECKS.join(','));
  args.push('--phases', 'examples,coverage,fuzzing', '--max-examples', String(EXAMPLES), '--max-time', String(LONGEST));
  args.push('--generation-deterministic', '--generation-database', 'none', '--suppress-health-check', 'all');
  args.push('--warnings', 'off', '--workers', '1', '--continue-on-failure', '--output-sanitize', 'true');
  const env = { ...process.env, PYTHONPATH: PYTHON_PACKAGES, NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn('python3', args, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject).once('close', resolve);
  });
}

const folder = mkdtempSync(path.join(tmpdir(), 'bailiwick-contract-'));
let demo;
let failed = 1;
try {
  if (!PYTHON_PACKAGES) throw new Error('BAILIWICK_SCHEMATHESIS does not say where schemathesis lies');
  demo = await startDemo();
  failed = (await schemathesis(demo, await key(demo), folder)) === 0 ? 0 : 1;
  if (demo.exited()) throw new Error('the demo ended while it was asked');
} catch (error) {
  console.log(error.stack ?? String(error));
  failed = 1;
} finally {
  if (failed > 0 && demo) console.log(`what the demo wrote:\n${demo.log().slice(-4000)}`);
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${1 - failed} passed, ${failed} failed`);
process.exit(failed);
