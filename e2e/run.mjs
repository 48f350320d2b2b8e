// Runs the browser tests against the built program: `node e2e/run.mjs [PART OF A FILE NAME]`.
//
// One demo serves all test files, one file after the other. A file that changes what others see starts its own:
// `fileDemo()` in lib/demo.mjs. The last line is `N passed, N failed`.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDemo } from './lib/demo.mjs';
import { runFiles } from './lib/runner.mjs';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'tests');
const filter = process.argv[2] ?? '';
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.mjs') && name.includes(filter))
  .sort()
  .map((name) => path.join(folder, name));

// Browsers and demos keep their files here, so that one removal cleans up after all of them.
const scratch = mkdtempSync(path.join(tmpdir(), 'bailiwick-e2e-'));
process.env.TMPDIR = scratch;

const running = new AbortController();
let demo;
let ending = false;
async function end(status) {
  if (ending) return;
  ending = true;
  running.abort();
  await demo?.stop();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  process.exit(status);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(130));

let passed = 0;
let failed = 0;
try {
  if (files.length === 0) throw new Error(`no test file in ${folder} matches "${filter}"`);
  demo = await startDemo();
  process.env.BAILIWICK_DEMO = demo.readyFile;
  ({ passed, failed } = await runFiles(files, running.signal));
  if (demo.exited()) throw new Error(`the demo ended while the tests ran:\n${demo.log()}`);
} catch (error) {
  console.log(error.stack ?? String(error));
  failed += 1;
}
if (failed > 0 && demo) console.log(`what the demo wrote:\n${demo.log()}`);
console.log(`${passed} passed, ${failed} failed`);
await end(failed > 0 || passed === 0 ? 1 : 0);
