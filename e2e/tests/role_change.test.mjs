// A change is on the page at once, can be found, and shows what was before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test('owner changes a role and finds the change with what was before', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');

  await t.test('owner is told that the role was changed and sees it', async () => {
    await page.goto('/users');
    await page.getByRole('link', { name: 'Plan Manager', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Plan Manager' }).waitFor();
    const role = page.getByRole('group', { name: 'Role of this person' });
    await role.getByRole('radio', { name: /^Auditor/ }).check();
    await page.getByRole('button', { name: 'Change role' }).click();
    await page.getByRole('status').getByText('The role was changed. It takes effect at once.').waitFor();
    assert.equal(await panel(page, 'Details').locator('dd').first().innerText(), 'Auditor');
    assert.ok(await role.getByRole('radio', { name: /^Auditor/ }).isChecked());
    await shoot(page, 'user-after-role-change');
  });

  await t.test('owner reads the message once only', async () => {
    await page.reload();
    assert.equal(await page.getByText('The role was changed.').count(), 0);
  });

  await t.test('owner sees the new role in the list of users and on the security page', async () => {
    for (const [path, name] of [['/users', 'Users'], ['/security', 'Users and MFA']]) {
      await page.goto(path);
      const row = (await rows(panel(page, name))).find(([who]) => who.includes('plan@example.com'));
      assert.equal(row[1], 'Auditor', path);
    }
  });

  await t.test('owner sees the change among the security events', async () => {
    await page.goto('/security');
    const [kind, , detail, about] = (await rows(panel(page, 'Security events')))[0];
    const expected = ['user.role_changed', 'Role Plan Manager became role Auditor', 'Plan Manager'];
    assert.deepEqual([kind, detail, about], expected);
  });

  await t.test('owner finds the record by its action, its time and its actor', async () => {
    await page.goto('/audit');
    await page.getByRole('searchbox', { name: 'Actor' }).fill('owner@example.com');
    await page.getByLabel('Action', { exact: true }).selectOption('user.role_changed');
    await page.waitForURL(/action=user\.role_changed/);
    await page.getByRole('link', { name: '1 hour', exact: true }).click();
    await page.waitForURL(/range=1h/);
    assert.match(page.url(), /actor=owner/, 'one filter does not drop another');
    const found = await rows(panel(page, 'Records'));
    assert.equal(found.length, 1);
    assert.match(found[0][0], /^user\.role_changed/);
    assert.match(found[0][1], /Imran Owner/);
    assert.match(found[0][2], /^Plan Manager/);
    await shoot(page, 'audit-search-found');
  });

  await t.test('owner sees before and after side by side', async () => {
    await panel(page, 'Records').getByRole('link', { name: 'user.role_changed' }).click();
    const diff = page.getByRole('table', { name: 'What changed' });
    const row = diff.getByRole('row', { name: /Role/ }).last();
    const before = row.getByRole('cell').nth(0);
    const after = row.getByRole('cell').nth(1);
    assert.match(await before.innerText(), /Plan Manager/);
    assert.match(await after.innerText(), /Auditor/);
    const [left, right] = [await before.boundingBox(), await after.boundingBox()];
    assert.ok(left.x + left.width <= right.x + 1 && Math.abs(left.y - right.y) < 2, 'the sides stand beside one another');
    await shoot(page, 'audit-event');
  });

  await t.test('owner opens the record as JSON, with nothing left out', async () => {
    await page.getByText('The record as JSON').click();
    const record = JSON.parse(await page.getByRole('region', { name: 'JSON', exact: true }).innerText());
    assert.equal(record.action, 'user.role_changed');
    assert.equal(record.entity.type, 'user');
    assert.deepEqual([record.actor.kind, record.actor.auth], ['user', 'password_totp']);
    const role = record.changes.find((change) => change.path === '/role');
    assert.deepEqual([role.op, role.before, role.after], ['replace', 'plan_manager', 'auditor']);
    assert.match(record.prev, /^[0-9a-f]{64}$/, 'it names the revision before it');
  });

  await t.test('owner sees the change in the history of the person', async () => {
    await page.getByRole('link', { name: 'History', exact: true }).click();
    await page.waitForURL(/\/audit\/entities\/user\//);
    const history = panel(page, 'History');
    const newest = history.getByRole('listitem').first();
    const text = await newest.innerText();
    assert.match(text, /user\.role_changed/);
    assert.match(text, /Plan Manager[\s\S]*Auditor/);
    assert.match(await history.locator('header').innerText(), /unbroken/i);
    await axeCheck(page);
    await shoot(page, 'audit-history');
  });
});

test('auditor finds the same record and can change nothing', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor');
  await page.goto('/audit?action=user.role_changed&range=1h');
  await panel(page, 'Records').getByRole('link', { name: 'user.role_changed' }).click();
  assert.match(await page.getByRole('table', { name: 'What changed' }).innerText(), /Plan Manager[\s\S]*Auditor/);
  await page.getByRole('link', { name: 'Plan Manager', exact: true }).click();
  await page.goto('/users?q=plan%40example.com');
  await page.getByRole('link', { name: 'Plan Manager', exact: true }).click();
  assert.equal(await page.getByRole('button', { name: 'Change role' }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Disable' }).count(), 0);
});
