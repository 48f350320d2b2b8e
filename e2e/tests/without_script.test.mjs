// Everything works without JavaScript.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { shoot } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

async function openWithoutScript(t, who) {
  const page = await openPage(t, demo, { javaScript: false });
  await signIn(page, demo, who);
  return page;
}

test('owner without JavaScript signs in with password and code', async (t) => {
  const page = await openWithoutScript(t, 'owner');
  assert.equal(new URL(page.url()).pathname, '/security');
  await panel(page, 'Posture checklist').waitFor();
  assert.equal(await page.locator('.with-js:visible').count(), 0, 'nothing is offered that needs a script');
});

test('owner without JavaScript invites somebody and takes it back on the page that asks', async (t) => {
  const page = await openWithoutScript(t, 'owner');
  await page.goto('/invitations');
  await page.getByRole('link', { name: 'Invite someone' }).first().click();
  await page.getByRole('textbox', { name: 'Address' }).fill('newcomer@example.com');
  await page.getByRole('radio', { name: /^Auditor/ }).check();
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByText('The invitation is recorded.').waitFor();
  const listed = async () => (await rows(panel(page, 'Invitations'))).some(([address]) => address === 'newcomer@example.com');
  assert.ok(await listed());

  await page.getByRole('link', { name: 'Revoke for newcomer@example.com' }).click();
  await page.getByRole('heading', { level: 1, name: 'Revoke the invitation of newcomer@example.com?' }).waitFor();
  await shoot(page, 'confirm-page');
  await page.getByRole('link', { name: 'Cancel' }).click();
  assert.ok(await listed(), 'cancelling changes nothing');

  await page.getByRole('link', { name: 'Revoke for newcomer@example.com' }).click();
  await page.getByRole('button', { name: 'Revoke invitation' }).click();
  await page.getByText('The invitation was taken back. Its link no longer works.').waitFor();
  assert.ok(!(await listed()));
});

test('owner without JavaScript filters users and the audit log and drops a filter', async (t) => {
  const page = await openWithoutScript(t, 'owner');
  await page.goto('/users');
  const everybody = (await rows(panel(page, 'Users'))).length;
  await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Support Coordinator' });
  await page.getByRole('button', { name: 'Filter' }).click();
  const coordinators = await rows(panel(page, 'Users'));
  assert.ok(coordinators.length > 0 && coordinators.length < everybody);
  assert.ok(coordinators.every(([, role]) => role === 'Support Coordinator'));
  await page.getByRole('link', { name: /Support Coordinator.*Remove this filter/ }).click();
  assert.equal((await rows(panel(page, 'Users'))).length, everybody);

  await page.goto('/audit');
  await page.getByLabel('Outcome', { exact: true }).selectOption('ok');
  await page.getByLabel('Action', { exact: true }).selectOption('user.role_changed');
  await page.getByRole('searchbox', { name: 'Actor' }).fill('Imran');
  await page.getByRole('button', { name: 'Filter' }).click();
  const records = await rows(panel(page, 'Records'));
  assert.equal(records.length, 3);
  assert.ok(records.every(([action, actor]) => action.startsWith('user.role_changed') && actor.includes('Imran Owner')));
});

test('owner without JavaScript revokes a key and opens the folds of a record', async (t) => {
  const page = await openWithoutScript(t, 'owner');
  await page.goto('/api-keys');
  await page.getByRole('link', { name: 'Revoke Roster export' }).click();
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await page.getByText('The key is revoked.').waitFor();
  await page.goto('/audit?action=api_key.revoked');
  await panel(page, 'Records').getByRole('link', { name: 'api_key.revoked' }).click();
  await page.getByText('The record as JSON').click();
  assert.match(await page.getByRole('region', { name: 'JSON', exact: true }).innerText(), /"api_key\.revoked"/);
});

test('owner without JavaScript chooses the dark theme and signs out', async (t) => {
  const page = await openPage(t, demo, { javaScript: false });
  await signIn(page, demo, 'operations manager', { fresh: true });
  await page.getByRole('button', { name: /^Account:/ }).click();
  await page.getByRole('button', { name: 'Dark', exact: true }).click();
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.getByRole('button', { name: /^Account:/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
});
