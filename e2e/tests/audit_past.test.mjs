// Looking back: who changed somebody's permissions, from where, and what they were before, found from the first page.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

/** The line that the guide gives for the question. */
const GUIDE = readFileSync(new URL('../../docs/guides/investigate.md', import.meta.url), 'utf8');
const [LINE] = GUIDE.match(/^entity:"Plan Manager" .* on:last-month$/m);

/** What stands beside a label among the facts of a record. */
const fact = (page, label) => panel(page, 'Facts').locator(`dt:text-is("${label}") + dd`).innerText();

/** Reads where a record came from: an address, and not only that there was one. */
async function address(page) {
  const [ip] = (await fact(page, 'Address')).split(' ');
  assert.notEqual(isIP(ip), 0, `an address: ${ip}`);
  return ip;
}

test('responder finds who changed the plan manager last month, from where, and what it was before', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor');
  let steps = 0;
  const step = async (act, arrived) => {
    steps += 1;
    await act();
    await page.waitForURL(arrived);
  };
  await page.goto('/');
  await step(() => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Audit log', exact: true }).click(), /\/audit$/);
  await page.locator('#q').fill(LINE);
  await step(() => page.locator('#q').press('Enter'), /[?&]q=entity/);
  const found = await rows(panel(page, 'Records'));
  assert.equal(found.length, 1, JSON.stringify(found));
  await step(() => panel(page, 'Records').getByRole('link', { name: 'user.role_changed', exact: true }).click(), /\/audit\/events\//);
  assert.match(await fact(page, 'Actor'), /^[A-Z]*\s*Imran Owner/);
  assert.equal(await address(page), '127.0.0.1');
  const role = page.getByRole('table', { name: 'What changed' }).getByRole('row', { name: /Role/ }).last();
  assert.match(await role.getByRole('cell').nth(0).innerText(), /Support Coordinator/);
  assert.match(await role.getByRole('cell').nth(1).innerText(), /Plan Manager/);
  assert.equal(steps, 3, 'the log, the line, the record');
  await shoot(page, 'audit-question');
});

test('owner goes from a permission to the record that gave it, and to what the person could do before', async (t) => {
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

  await page.goto('/access/who?permission=policy%3Aupdate&via=grant');
  await page.getByRole('link', { name: 'granted', exact: true }).first().click();
  await page.waitForURL(/\/audit\/events\//);
  assert.match(await page.getByRole('table', { name: 'What changed' }).innerText(), /policy:update/);
  assert.match(await page.locator('.facts').first().innerText(), /Just before/i);
  assert.match(await fact(page, 'Actor'), /Imran Owner/);
  await address(page);
  await axeCheck(page);
  await shoot(page, 'audit-event-beside');
  await page.getByRole('link', { name: 'What they could do just before' }).click();
  await page.waitForURL(/\/users\/.*\/access\?at=/);
  assert.doesNotMatch(await page.locator('main').innerText(), /policy:update/);

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
