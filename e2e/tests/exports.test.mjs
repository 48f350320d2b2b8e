// An auditor takes what they have found out of the product, and sees that this is known.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test('auditor exports a search as JSON lines and downloads what its digest says', async (t) => {
  const page = await openPage(t, demo, { acceptDownloads: true });
  await signIn(page, demo, 'auditor');
  await page.goto('/audit?action=user.created');
  await page.getByRole('link', { name: 'Export', exact: true }).click();
  await page.locator('#format').selectOption('jsonl');
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await page.getByText('The export is being written.').waitFor();
  const made = new URL(page.url()).pathname;
  const ready = page.getByRole('link', { name: 'Download', exact: true });
  for (let tries = 0; tries < 50 && (await ready.count()) === 0; tries++) {
    await page.waitForTimeout(200);
    await page.goto(made);
  }
  const digest = await page.locator('#export-digest').textContent();
  const [download] = await Promise.all([page.waitForEvent('download'), ready.click()]);
  const octets = await readFile(await download.path());
  assert.equal(createHash('sha256').update(octets).digest('hex'), digest);
  const lines = octets.toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.length > 0 && lines.every(({ event, proof }) => event.action === 'user.created' && Array.isArray(proof.path)));
  await page.goto(made);
  await page.getByText('1 download', { exact: true }).waitFor();
  assert.deepEqual(page.noise, []);
});
