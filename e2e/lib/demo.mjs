// The program under test: `bailiwick demo` on a free port, with data of its own.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** How long a demo may take to seed its data in a debug build. It only ends a demo that hangs. */
const PATIENCE_MS = 120_000;

/**
 * Starts a demo and waits until it serves.
 *
 * Resolves to what `readDemo` reads, and `log()`, `exited()` and `stop()`.
 */
export async function startDemo(extraArgs = []) {
  const folder = mkdtempSync(path.join(tmpdir(), 'demo-'));
  const readyFile = path.join(folder, 'ready.json');
  const args = ['demo', '--listen', '127.0.0.1:0', '--ready-file', readyFile, ...extraArgs];
  const child = spawn(binary(), args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  // A test process that is killed must not leave its demo behind.
  const abandon = () => child.kill('SIGKILL');
  process.once('exit', abandon);

  let written = '';
  let failure;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (written += data));
  child.on('error', (error) => (failure = error));
  const exited = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve));

  async function stop() {
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(15_000, undefined, { ref: false })]);
    if (!exited()) child.kill('SIGKILL');
    await ended;
    process.off('exit', abandon);
    rmSync(folder, { recursive: true, force: true });
  }

  for (let waited = 0; !existsSync(readyFile); waited += 50) {
    if (exited() || waited > PATIENCE_MS) {
      await stop();
      throw new Error(`the demo did not start: ${failure ?? ''}\n${written}`);
    }
    await sleep(50);
  }
  return { ...readDemo(readyFile), log: () => written, exited, stop };
}

/** Starts a demo for the tests of one file, which may change anything in it. */
export async function fileDemo(extraArgs) {
  const demo = await startDemo(extraArgs);
  after(() => demo.stop());
  return demo;
}

/** The demo that all tests share: read it, do not change it. */
export function sharedDemo() {
  return readDemo(process.env.BAILIWICK_DEMO);
}

/**
 * What a demo says of itself: `url`, without a slash at the end, and `signIns`, by who signs in:
 * `{ who, address, password, totp_secret }`. `readyFile` lies in a folder that goes with the demo.
 */
function readDemo(file) {
  const { url, sign_ins: signIns } = JSON.parse(readFileSync(file, 'utf8'));
  const byWho = Object.fromEntries(signIns.map((one) => [one.who, one]));
  return { url: url.replace(/\/$/, ''), signIns: byWho, readyFile: file };
}

/** The program under test. */
export function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
  return process.env.BAILIWICK_BIN ?? path.join(target, 'debug/bailiwick');
}
