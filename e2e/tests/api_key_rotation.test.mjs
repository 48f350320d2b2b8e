// A key is replaced with a code: both work, and the page shows who uses them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { send } from '../lib/http.mjs';
import { codeFor, digestOf } from '../lib/letters.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { unfold } from '../lib/read.mjs';
import { keepSession, signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test('owner replaces a key, and both work on', async (t) => {
  const page = await openPage(t, demo);
  const reader = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  const secret = async () => (await page.locator('#new-key').innerText()).trim();
  const users = async (key) => (await send(demo, '/v1/users', { headers: { authorization: `Bearer ${key}` } })).status;

  await page.goto('/api-keys/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('Nightly sync');
  await page.getByLabel('Environment').selectOption('test');
  await page.getByLabel(/^Addresses from which it works/).fill('127.0.0.0/8\n::1');
  await unfold(page, 'input[value="user:read"]');
  await page.locator('input[value="user:read"]').check();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('heading', { level: 1, name: 'Copy the key now' }).waitFor();
  const old = await secret();
  assert.match(old, /^cndis_test_/);
  assert.equal(await users(old), 200);

  await page.getByRole('link', { name: 'I have stored it' }).click();
  await page.getByRole('heading', { level: 1, name: 'Nightly sync' }).waitFor();
  await axeCheck(page);
  await shoot(page, 'api-key');
  const here = page.url();
  await page.getByRole('link', { name: 'Replace key' }).click();
  await page.getByRole('heading', { name: 'Replace “Nightly sync”?' }).waitFor();
  await axeCheck(page);
  await shoot(page, 'api-key-replace');
  await page.getByRole('button', { name: 'Replace the key' }).click();
  const code = await codeFor(reader, 'owner@example.com', await digestOf(page));
  await page.getByLabel('Eight digits').fill(code);
  await page.getByRole('button', { name: 'Replace the key' }).click();
  await page.getByRole('heading', { level: 1, name: 'Copy the key now' }).waitFor();
  // The code was a proof, so the session has another id.
  await keepSession(page, demo, 'owner');
  const fresh = await secret();
  assert.notEqual(fresh, old);
  assert.equal(await users(old), 200, 'the old key works on');
  assert.equal(await users(fresh), 200);

  await page.goto(here);
  await page.getByText('Being replaced').first().waitFor();
  await axeCheck(page);
  await shoot(page, 'api-key-rotating');
  await page.goto('/api-keys?status=rotating');
  await page.getByRole('link', { name: 'Nightly sync', exact: true }).waitFor();
});
