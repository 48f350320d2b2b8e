// An auditor has it proven that the log cannot be changed, and reads what was tried and what was found.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { axeCheck, lookAround } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test('auditor has it proven, and reads what verification named and what the database refused', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor');
  await page.goto('/audit/drills');
  await page.getByText('No drill yet').waitFor();
  await axeCheck(page);
  await page.goto('/audit/verify');
  await page.getByRole('button', { name: 'Prove it' }).click();
  await page.waitForURL('**/audit/drills');
  const drills = await rows(panel(page, 'Drills'));
  assert.equal(drills.length, 1);
  assert.match(drills[0][1], /Named|Noticed/i);
  const refused = await rows(panel(page, 'What the database refused'));
  assert.ok(refused.length > 0);
  assert.ok(refused.every(([, answer, word]) => answer.includes('is append-only') && /refused/i.test(word)), JSON.stringify(refused));
  await axeCheck(page);
  await lookAround(page, 'auditor-drills');
});

test('auditor finds nothing unusual in a history that has just begun to be watched', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor');
  await page.goto('/audit/anomalies');
  await page.getByText('Nothing unusual').waitFor();
  await axeCheck(page);
});
