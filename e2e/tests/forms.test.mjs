// A form that is not accepted keeps what was typed and says beside each field what is wrong.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { unfold } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = sharedDemo();

async function openAsOwner(t, path) {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  await page.goto(path);
  return page;
}

/** Presses a button and answers with the status of the page that comes. */
async function statusAfter(page, name) {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().isNavigationRequest()),
    page.getByRole('button', { name, exact: true }).click(),
  ]);
  await page.waitForLoadState('load');
  return answer.status();
}

/** What the field's own description says is wrong with it. */
async function errorOf(field) {
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  const ids = (await field.getAttribute('aria-describedby')).split(' ').filter((id) => id.endsWith('-error'));
  assert.equal(ids.length, 1);
  return field.page().locator(`#${ids[0]}`).innerText();
}

test('owner who invites a bad address keeps the form and is told beside the field', async (t) => {
  const page = await openAsOwner(t, '/invitations/new');
  const address = page.getByRole('textbox', { name: 'Address' });
  await address.fill('not an address');
  await page.getByRole('radio', { name: /^Developer/ }).check();
  await page.locator('#lifetime').selectOption({ index: 0 });
  const lifetime = await page.locator('#lifetime').inputValue();
  assert.equal(await statusAfter(page, 'Invite'), 422);
  assert.equal(await address.inputValue(), 'not an address');
  assert.ok(await page.getByRole('radio', { name: /^Developer/ }).isChecked());
  assert.equal(await page.locator('#lifetime').inputValue(), lifetime);
  const error = await errorOf(address);
  const summary = page.getByRole('alert');
  const said = await summary.getByRole('link').innerText();
  assert.ok(said.startsWith('E-mail address: '), `the summary names the field: ${said}`);
  assert.ok(error.endsWith(said.slice('E-mail address: '.length)), 'the summary says the same');
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'alert');
  await summary.getByRole('link').click();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'address', 'the summary leads to the field');
  await axeCheck(page);
  await shoot(page, 'form-invite-error');
});

test('owner who forgets the role is told so', async (t) => {
  const page = await openAsOwner(t, '/invitations/new');
  await page.getByRole('textbox', { name: 'Address' }).fill('someone@example.com');
  const checked = await page.locator('input[name="role"]:checked').count();
  assert.equal(checked, 0, 'no role is chosen for them');
  assert.equal(await statusAfter(page, 'Invite'), 422);
  assert.equal(await page.getByRole('textbox', { name: 'Address' }).inputValue(), 'someone@example.com');
  await errorOf(page.getByRole('group', { name: 'Role' }));
});

test('owner who creates a key without scopes keeps the form and is told beside them', async (t) => {
  const page = await openAsOwner(t, '/api-keys/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('Nightly export');
  await page.locator('#tag').fill('nxp');
  assert.equal(await statusAfter(page, 'Create key'), 422);
  assert.equal(await page.getByRole('textbox', { name: 'Name' }).inputValue(), 'Nightly export');
  assert.equal(await page.locator('#tag').inputValue(), 'nxp');
  const scopes = page.getByRole('group', { name: 'Scopes' });
  assert.equal(await scopes.getAttribute('aria-describedby'), 'scopes-error');
  assert.ok((await page.locator('#scopes-error').innerText()).length > 0);
  await axeCheck(page);
  await shoot(page, 'form-key-error');
});

test('owner who mistypes the tag keeps the scopes that were ticked', async (t) => {
  const page = await openAsOwner(t, '/api-keys/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('Nightly export');
  await page.locator('#tag').fill('N!');
  await unfold(page, 'input[value="user:read"]');
  await page.locator('input[value="user:read"]').check();
  assert.equal(await statusAfter(page, 'Create key'), 422);
  assert.ok(await page.locator('input[value="user:read"]').isChecked());
  assert.ok(await page.locator('input[value="user:read"]').isVisible(), 'its group is open');
  assert.equal(await page.locator('#tag').inputValue(), 'N!');
  await errorOf(page.locator('#tag'));
});

test('owner who asks the audit log for a day that does not exist is told beside the field', async (t) => {
  const page = await openAsOwner(t, '/audit?actor=Imran&from=2026-02-31T00%3A00');
  const from = page.locator('#from');
  assert.match(await errorOf(from), /\w/);
  assert.equal(await page.getByRole('searchbox', { name: 'Actor' }).inputValue(), 'Imran');
  assert.equal(await page.locator('td a.into').count(), 0, 'nothing is shown as if the filter had been understood');
  await axeCheck(page);
  await shoot(page, 'form-audit-error');
});

test('owner who sets a policy out of bounds keeps what was typed', async (t) => {
  const page = await openAsOwner(t, '/policy');
  const idle = page.locator('#session_idle_minutes');
  const before = await idle.inputValue();
  await idle.fill('999999');
  assert.notEqual(await statusAfter(page, 'Save policy'), 303);
  assert.equal(await idle.inputValue(), '99999');
  await errorOf(idle);
  await page.goto('/policy');
  assert.equal(await idle.inputValue(), before, 'nothing was changed');
});

test('newcomer with a wrong password keeps the address and not the password', async (t) => {
  const page = await openPage(t, demo);
  await page.goto('/sign-in');
  await page.locator('#address').fill('nobody@example.com');
  await page.locator('#password').fill('not the password');
  assert.equal(await statusAfter(page, 'Sign in'), 422);
  assert.equal(await page.locator('#address').inputValue(), 'nobody@example.com');
  assert.equal(await page.locator('#password').inputValue(), '');
  await page.getByRole('alert').waitFor();
  assert.ok(!(await page.content()).includes('not the password'));
  await axeCheck(page);
  await shoot(page, 'form-sign-in-error');
});
