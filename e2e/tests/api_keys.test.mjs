// An API key is shown once, works at once, and stops at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { send } from '../lib/http.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { panel, unfold } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test('owner creates a key, uses it and revokes it', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  let secret;
  const me = () => send(demo, '/v1/me', { headers: { authorization: `Bearer ${secret}` } });

  await t.test('owner sees the new key', async () => {
    await page.goto('/api-keys/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Nightly export');
    await page.locator('#tag').fill('nxp');
    await unfold(page, 'input[value="user:read"]');
    await page.locator('input[value="user:read"]').check();
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByRole('heading', { level: 1, name: 'Copy the key now' }).waitFor();
    secret = (await page.locator('#new-key').innerText()).trim();
    assert.match(secret, /^cndis_live_nxp_[0-9A-Za-z]{36}$/);
    await axeCheck(page);
    await shoot(page, 'api-key-created');
  });

  await t.test('the key opens the API for the scope it has and no other', async () => {
    const answer = await me();
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], /^application\/json/);
    assert.ok(!answer.body.includes(secret));
    const headers = { authorization: `Bearer ${secret}` };
    assert.equal((await send(demo, '/v1/users', { headers })).status, 200);
    const refused = await send(demo, '/v1/audit/events', { headers });
    assert.equal(refused.status, 403);
    assert.match(refused.headers['content-type'], /^application\/problem\+json/);
  });

  await t.test('nobody sees the key again', async () => {
    await page.getByRole('link', { name: 'I have stored it' }).click();
    for (const path of ['/api-keys', '/security', '/audit', '/security/events']) {
      await page.goto(path);
      assert.ok(!(await page.content()).includes(secret), path);
    }
    await page.goto('/audit?action=api_key.created');
    await panel(page, 'Records').getByRole('link', { name: 'api_key.created' }).first().click();
    const record = await page.content();
    assert.ok(!record.includes(secret));
    assert.match(record, /Nightly export/);
    await page.goBack();
    await page.goBack();
    assert.ok(!(await page.content()).includes(secret), 'going back does not bring it back');
  });

  await t.test('a key that differs in one letter opens nothing', async () => {
    const last = secret.at(-1) === 'a' ? 'b' : 'a';
    const headers = { authorization: `Bearer ${secret.slice(0, -1)}${last}` };
    assert.equal((await send(demo, '/v1/me', { headers })).status, 401);
  });

  await t.test('owner revokes the key and it is refused at once', async () => {
    await page.goto('/api-keys');
    await page.getByRole('link', { name: 'Revoke Nightly export' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('heading', { name: 'Revoke “Nightly export”?' }).waitFor();
    await axeCheck(page);
    await shoot(page, 'revoke-dialog');
    assert.equal((await me()).status, 200, 'asking changes nothing');
    await dialog.getByRole('button', { name: 'Revoke key' }).click();
    await page.getByText('The key is revoked. Requests with it are refused from now on.').waitFor();
    const refused = await me();
    assert.equal(refused.status, 401);
    assert.match(refused.headers['content-type'], /^application\/problem\+json/);
    await page.goto('/api-keys?status=revoked');
    await page.getByText('Nightly export').waitFor();
  });
});
