// Looking back: who changed somebody's permissions, from where, and what they were before, found from the first page.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test('responder finds who changed the plan manager, from where, and what it was before', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  await page.goto('/users?q=plan%40example.com');
  await page.getByRole('link', { name: 'Plan Manager', exact: true }).click();
  const person = page.url();
  await page.getByPlaceholder(/^Narrow/).fill('policy:update');
  await page.getByRole('group', { name: 'policy:update' }).getByRole('radio', { name: 'Grant' }).check();
  await page.getByRole('button', { name: 'Save permissions' }).click();
  await page.getByLabel('Reason').fill('Covers for Imran.');
  await page.getByRole('button', { name: 'Save permissions' }).last().click();
  await page.getByText('The permissions were changed.').waitFor();

  const began = Date.now();
  await page.goto('/access/who?permission=policy%3Aupdate&via=grant');
  await page.getByRole('link', { name: 'granted', exact: true }).first().click();
  await page.waitForURL(/\/audit\/events\//);
  assert.match(await page.getByRole('table', { name: 'What changed' }).innerText(), /policy:update/);
  assert.match(await page.locator('.facts').first().innerText(), /Just before/i);
  assert.match(await page.locator('main').innerText(), /Address[\s\S]*personal, sealed apart/);
  await axeCheck(page);
  await shoot(page, 'audit-event-beside');
  await page.getByRole('link', { name: 'What they could do just before' }).click();
  await page.waitForURL(/\/users\/.*\/access\?at=/);
  assert.doesNotMatch(await page.locator('main').innerText(), /policy:update/);
  assert.ok(Date.now() - began < 60_000, 'within a minute');

  await t.test('the person as they stood, and what changed since', async () => {
    const id = person.split('/').pop();
    await page.goto(`/audit/entities/user/${id}`);
    await page.getByRole('link', { name: 'Compare two moments' }).click();
    await page.getByRole('heading', { level: 2, name: 'What changed' }).waitFor();
    await page.locator('a[href*="/as-of?"]').first().click();
    await page.waitForURL(/as-of\?at=/);
    await axeCheck(page);
    await shoot(page, 'audit-as-of');
  });
});
