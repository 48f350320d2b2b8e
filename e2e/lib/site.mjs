// An installation as an operator makes one: `bailiwick init` in a folder of its own, then `bailiwick serve`.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { binary } from './demo.mjs';

/** It only ends a server that hangs. */
const PATIENCE_MS = 60_000;

/** A port of this machine on which nobody listens. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Makes an installation with these settings (`{ 'mail.port': 25 }`) and serves it.
 *
 * Resolves to `url`, without a slash at the end, `link`, with which the first owner sets a password, `log()` and `stop()`.
 */
export async function startSite(settings = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'site-'));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const all = { 'server.public_url': url, 'server.listen': `127.0.0.1:${port}`, 'server.shutdown_seconds': 2, ...settings };
  const set = Object.entries(all).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const made = await promisify(execFile)(binary(), ['init', '--dir', folder, '--email', 'first@example.com', '--name', 'First Owner', ...set]);
  const [link] = made.stdout.match(/http:\/\/localhost:\S+\/enrol\/\S+/);
  const config = made.stdout.match(/serve --config (.+)/)[1].trim();

  const child = spawn(binary(), ['serve', '--config', config], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const abandon = () => child.kill('SIGKILL');
  process.once('exit', abandon);
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (written += data));
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  const exited = () => child.exitCode !== null || child.signalCode !== null;

  async function stop() {
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(15_000, undefined, { ref: false })]);
    if (!exited()) child.kill('SIGKILL');
    await ended;
    process.off('exit', abandon);
    rmSync(folder, { recursive: true, force: true });
  }

  for (let waited = 0; !(await answers(port)); waited += 50) {
    if (exited() || waited > PATIENCE_MS) {
      await stop();
      throw new Error(`the server did not start:\n${written}`);
    }
    await sleep(50);
  }
  return { url, link, log: () => written, stop };
}

function answers(port) {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path: '/readyz' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
