// A role of one's own, a team, and a permission for a while: each counts at the very next request of whoever holds it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { axeCheck, lookAround } from '../lib/look.mjs';
import { panel, rows, unfold } from '../lib/read.mjs';
import { signIn, typeIn } from '../lib/session.mjs';

const demo = await fileDemo();

async function tick(page, permission, on) {
  const box = `input[value="${permission}"]`;
  await unfold(page, box);
  await page.locator(box).setChecked(on);
}

async function statusOf(page, path) {
  return (await page.goto(path)).status();
}

test('owner makes a role, a team and a permission that ends', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner', { fresh: true });
  const manager = await openPage(t, demo, { calm: false });
  await typeIn(manager, demo, 'operations manager');
  await owner.goto('/users?q=ops%40example.com');
  const person = await owner.locator('td a').first().getAttribute('href');

  await t.test('owner makes a role of permissions that they tick', async () => {
    await owner.goto('/roles');
    await owner.getByRole('link', { name: 'New role' }).click();
    await owner.locator('#label').fill('Night auditor');
    await owner.getByRole('button', { name: 'Make role' }).click();
    await owner.getByText('Choose at least one permission.').first().waitFor();
    await axeCheck(owner);
    for (const permission of ['audit:read', 'user:read', 'role:read', 'team:read']) await tick(owner, permission, true);
    await owner.getByRole('button', { name: 'Make role' }).click();
    await owner.getByText('The role was made. It can be given at once.').waitFor();
    assert.equal(new URL(owner.url()).pathname, '/roles/custom-night-auditor');
    await lookAround(owner, 'role-of-ones-own');
  });

  await t.test('whoever is given the role may do what it says, and no more', async () => {
    assert.equal(await statusOf(manager, '/audit'), 403);
    await owner.goto(person);
    await owner.getByRole('group', { name: 'Role of this person' }).getByRole('radio', { name: /^Night auditor/ }).check();
    await owner.getByRole('button', { name: 'Change role' }).click();
    await owner.getByText('The role was changed. It takes effect at once.').waitFor();
    assert.equal(await panel(owner, 'Details').locator('dd').first().innerText(), 'Night auditor');
    assert.equal(await statusOf(manager, '/audit'), 200);
    assert.equal(await statusOf(manager, '/invitations'), 403);
  });

  await t.test('a changed role counts at the next request', async () => {
    await owner.goto('/roles/custom-night-auditor');
    await tick(owner, 'audit:read', false);
    await owner.getByRole('button', { name: 'Save role' }).click();
    await owner.getByText('The role was saved. It takes effect at once.').waitFor();
    assert.equal(await statusOf(manager, '/audit'), 403);
  });

  await t.test('a team gives its roles to whoever is taken in', async () => {
    await owner.goto('/teams');
    await owner.getByRole('link', { name: 'New team' }).first().click();
    await owner.locator('#name').fill('Night shift');
    await owner.getByRole('button', { name: 'Make team' }).click();
    await owner.locator('#role').selectOption('auditor');
    await owner.getByRole('button', { name: 'Give role' }).click();
    await owner.getByText(/^The team.s roles were changed/).waitFor();
    await owner.locator('#address').fill('nobody@example.com');
    await owner.getByRole('button', { name: 'Take in' }).click();
    await owner.getByText('Nobody here has this address.').first().waitFor();
    await axeCheck(owner);
    await owner.locator('#address').fill('ops@example.com');
    await owner.getByRole('button', { name: 'Take in' }).click();
    await owner.getByText(/^The team.s members were changed/).waitFor();
    await lookAround(owner, 'team');
    assert.equal(await statusOf(manager, '/audit'), 200);
    await manager.goto('/teams');
    assert.equal((await rows(panel(manager, 'Teams')))[0][2], '1');
    await owner.getByRole('button', { name: 'Take out Ops Manager' }).click();
    await owner.getByText(/^The team.s members were changed/).waitFor();
    assert.equal(await statusOf(manager, '/audit'), 403);
  });

  await t.test('a permission for a while says when it ends', async () => {
    await owner.goto(person);
    await owner.getByPlaceholder(/^Narrow/).fill('audit:read');
    await owner.getByRole('group', { name: 'audit:read' }).getByRole('radio', { name: 'Grant' }).check();
    await owner.locator('#lasts').selectOption('7');
    await owner.getByRole('button', { name: 'Save permissions' }).click();
    await owner.getByText(/ends by itself on /).waitFor();
    await owner.locator('#reason').fill('Looks into the incident');
    await owner.locator('form', { has: owner.locator('#reason') }).getByRole('button', { name: 'Save permissions' }).click();
    await owner.getByText('The permissions were changed. They take effect at once.').waitFor();
    const granted = panel(owner, 'Granted and denied');
    assert.match(await granted.innerText(), /audit:read[\s\S]*Granted[\s\S]*Looks into the incident[\s\S]*until /);
    await lookAround(owner, 'user-with-grant');
    assert.equal(await statusOf(manager, '/audit'), 200);
  });

  await t.test('a held role goes only with another one in its place', async () => {
    await owner.goto('/roles/custom-night-auditor/delete');
    await owner.locator('#replacement').selectOption('operations_manager');
    await owner.getByRole('button', { name: 'Remove role' }).click();
    await owner.getByText('The role is removed.').waitFor();
    await owner.goto(person);
    assert.equal(await panel(owner, 'Details').locator('dd').first().innerText(), 'Operations Manager');
    assert.equal(await statusOf(manager, '/invitations'), 200);
  });

  await t.test('each change stands in the log', async () => {
    for (const action of ['role.created', 'role.changed', 'role.deleted', 'team.created', 'team.roles_changed', 'team.member_added']) {
      await owner.goto(`/audit?action=${action}`);
      assert.equal((await rows(panel(owner, 'Records'))).length, 1, action);
    }
  });
});
