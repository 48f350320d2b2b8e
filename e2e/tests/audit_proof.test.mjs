// What proves a record is there to be copied, and the page of the log says who vouches for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';
import { unfold } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = sharedDemo();

test('auditor opens the receipt of a record, and it is the text that the address gives', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor');
  await page.goto('/audit?action=user.role_changed');
  await page.locator('td a.into').first().click();
  await unfold(page, '#receipt');
  const shown = await page.locator('#receipt').innerText();
  assert.ok(shown.startsWith('c2sp.org/tlog-proof@v1\nextra '), shown.slice(0, 80));
  const address = await page.getByRole('link', { name: 'Open as text' }).getAttribute('href');
  const given = await page.evaluate(async (path) => (await fetch(path)).text(), address);
  assert.equal(given.trim(), shown.trim());
});

test('auditor sees that the history of a thing is complete, and who vouches for the log', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor');
  await page.goto('/audit?action=user.role_changed');
  await page.locator('td[data-label="On"] a').first().click();
  assert.match(await page.locator('main').innerText(), /without a gap, the newest of them in the signed tree/);
  await page.goto('/audit/verify');
  assert.match(await page.locator('main').innerText(), /No witness is configured/);
  assert.match(await page.locator('main').innerText(), /tree of heads/);
});
