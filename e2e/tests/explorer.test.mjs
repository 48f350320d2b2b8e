// Who can do what: by permission and by person, with the record behind it, and as of a past moment.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

/** A moment as a field for moments has it, in UTC. */
const typed = (date) => date.toISOString().slice(0, 16);

test('owner sees who can do something, why, and who gave it', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');

  await t.test('owner chooses a permission and reads through what people have it', async () => {
    await page.goto('/access/who');
    await page.locator('.empty-title', { hasText: 'Choose a permission' }).waitFor();
    await page.getByLabel('Permission', { exact: true }).selectOption('policy:update');
    await page.waitForURL(/permission=policy%3Aupdate/);
    const found = await rows(panel(page, 'People who can'));
    assert.ok(found.some(([who, can, why]) => who.includes('Imran Owner') && can === 'Can' && why.includes('Role Tenant Owner')));
    assert.ok(!found.some(([who]) => who.includes('Plan Manager')));
    await axeCheck(page);
    await shoot(page, 'explorer-who');
  });

  await t.test('owner grants it to somebody and finds them with the record of it', async () => {
    await page.goto('/users?q=plan%40example.com');
    await page.getByRole('link', { name: 'Plan Manager', exact: true }).click();
    await page.getByPlaceholder(/^Narrow/).fill('policy:update');
    await page.getByRole('group', { name: 'policy:update' }).getByRole('radio', { name: 'Grant' }).check();
    await page.getByRole('button', { name: 'Save permissions' }).click();
    await page.getByLabel('Reason').fill('Covers for Imran.');
    await page.getByRole('button', { name: 'Save permissions' }).last().click();
    await page.getByText('The permissions were changed.').waitFor();
    await page.goto('/access/who?permission=policy%3Aupdate&via=grant');
    const [[who, can, why]] = await rows(panel(page, 'People who can'));
    assert.match(who, /Plan Manager/);
    assert.equal(can, 'Can');
    assert.match(why, /Granted to them alone[\s\S]*granted[\s\S]*by Imran Owner/);
    await panel(page, 'People who can').getByRole('link', { name: 'granted', exact: true }).click();
    await page.waitForURL(/\/audit\/events\//);
    assert.match(await page.getByRole('table', { name: 'What changed' }).innerText(), /policy:update/);
  });

  await t.test('owner reads of an earlier moment that they did not have it then', async () => {
    const before = typed(new Date(Date.now() - 3 * 60 * 1000));
    await page.goto(`/access/who?permission=policy%3Aupdate&at=${before}`);
    await page.getByText('Read from the audit log alone.').waitFor();
    const found = await rows(panel(page, 'People who can'));
    assert.ok(!found.some(([who]) => who.includes('Plan Manager')), JSON.stringify(found));
    await shoot(page, 'explorer-then');
  });

  await t.test('owner opens everything that somebody can do', async () => {
    await page.goto('/access/who?permission=policy%3Aupdate&via=grant');
    await panel(page, 'People who can').getByRole('link', { name: 'Plan Manager', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'What Plan Manager can do' }).waitFor();
    const text = await page.locator('main').innerText();
    assert.match(text, /policy:update[\s\S]*Granted to them alone/);
    await axeCheck(page);
    await shoot(page, 'explorer-person');
  });
});

test('auditor is told from when on unused permissions can be known', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor');
  await page.goto('/access/unused');
  await page.getByText(/No use is recorded yet|less than ninety days/).waitFor();
  assert.ok((await rows(panel(page, 'Roles'))).some(([role]) => role === 'Tenant Owner'));
  await page.getByRole('link', { name: 'People', exact: true }).click();
  await page.waitForURL(/\/access\/unused\/users/);
  assert.ok((await rows(panel(page, 'People'))).some(([who]) => who.includes('Imran Owner')));
  await axeCheck(page);
  await shoot(page, 'unused-people');
  await panel(page, 'People').getByRole('link', { name: 'Plan Manager', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Plan Manager' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Take away' }).count(), 0);
});
