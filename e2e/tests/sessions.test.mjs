// A session begins with a new id, ends when it must, and never outlives the right to have it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { cookiesOf, send, sessionOf } from '../lib/http.mjs';
import { codeOf, keepSession, signIn, typeIn } from '../lib/session.mjs';

const demo = await fileDemo();

async function openAs(t, who) {
  const page = await openPage(t, demo);
  await signIn(page, demo, who);
  return page;
}

/** The owner's page of a person. */
async function openPerson(owner, address) {
  await owner.goto(`/users?q=${encodeURIComponent(address)}`);
  await owner.locator('td a').first().click();
  await owner.getByText(address).first().waitFor();
}

test('auditor gets a new session id with the code, and the one before it is dead', async (t) => {
  const page = await openPage(t, demo);
  const { address, password } = demo.signIns.auditor;
  await page.goto('/sign-in');
  assert.equal(await sessionOf(page), undefined, 'a visitor has no session');
  await page.locator('#address').fill(address);
  await page.locator('#password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
  const waiting = await sessionOf(page);
  const early = await cookiesOf(page);
  assert.equal((await send(demo, '/security', { cookie: early })).status, 303, 'the password alone opens nothing');

  await page.getByRole('textbox', { name: 'Six digits' }).fill('000000');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(new URL(page.url()).pathname, '/sign-in/code');

  await page.getByRole('textbox', { name: 'Six digits' }).fill(await codeOf(demo, 'auditor'));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL('**/security');
  const session = await sessionOf(page);
  assert.notEqual(session.value, waiting.value);
  const { status, headers } = await send(demo, '/security', { cookie: early });
  assert.deepEqual([status, headers.location], [303, '/sign-in?next=%2Fsecurity'], 'the first id is worth nothing any more');
});

test('the session cookie is guarded in every way that browsers know', async (t) => {
  const page = await openAs(t, 'operations manager');
  const { name, secure, httpOnly, sameSite, path, domain, expires } = await sessionOf(page);
  assert.deepEqual(
    { name, secure, httpOnly, sameSite, path, domain, expires },
    { name: '__Host-bailiwick', secure: true, httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost', expires: -1 },
  );
  assert.ok(!(await page.evaluate(() => document.cookie)).includes('bailiwick'));
});

test('operations manager who signed out cannot come back with the old cookie', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'operations manager', { fresh: true });
  const old = await cookiesOf(page);
  assert.equal((await send(demo, '/security', { cookie: old })).status, 200);
  await page.getByRole('button', { name: /^Account:/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  assert.equal(await sessionOf(page), undefined);
  const { status, headers } = await send(demo, '/security', { cookie: old });
  assert.deepEqual([status, headers.location], [303, '/sign-in?next=%2Fsecurity']);
  await page.goBack();
  assert.equal(await page.getByText('Posture checklist').count(), 0, 'going back shows nothing that was private');
});

test('nobody is led to another site after signing in', async (t) => {
  for (const next of ['//evil.example', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
    const page = await openPage(t, demo);
    await typeIn(page, demo, 'operations manager', next);
    assert.equal(page.url(), `${demo.url}/security`, next);
  }
});

test('person who was sent to sign in comes back to where they were going', async (t) => {
  const page = await openPage(t, demo);
  await page.goto('/users?role=auditor');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await typeIn(page, demo, 'operations manager', '/users?role=auditor');
  assert.equal(page.url(), `${demo.url}/users?role=auditor`);
});

test('operations manager who becomes a coordinator has the new rights on the next request', async (t) => {
  const [owner, manager] = [await openAs(t, 'owner'), await openAs(t, 'operations manager')];
  assert.equal((await manager.goto('/security')).status(), 200);
  const change = async (role) => {
    await openPerson(owner, 'ops@example.com');
    await owner.getByRole('radio', { name: role }).check();
    await owner.getByRole('button', { name: 'Change role' }).click();
    await owner.getByText('The role was changed. It takes effect at once.').waitFor();
  };
  await change(/^Support Coordinator/);
  assert.equal((await manager.reload()).status(), 403);
  await change(/^Operations Manager/);
  const before = await sessionOf(manager);
  assert.equal((await manager.goto('/security')).status(), 200);
  assert.notEqual((await sessionOf(manager)).value, before.value, 'new rights come with a new session id');
  await keepSession(manager, demo, 'operations manager');
});

test('operations manager who is denied one permission loses exactly that', async (t) => {
  const [owner, manager] = [await openAs(t, 'owner'), await openAs(t, 'operations manager')];
  assert.equal((await manager.goto('/invitations/new')).status(), 200);
  await openPerson(owner, 'ops@example.com');
  await owner.getByPlaceholder(/^Narrow/).fill('invitation:create');
  await owner.getByRole('group', { name: 'invitation:create' }).getByRole('radio', { name: 'Deny' }).check();
  await owner.getByRole('button', { name: 'Save permissions' }).click();
  await owner.getByRole('heading', { level: 1, name: 'Change what Ops Manager may do?' }).waitFor();
  assert.equal((await manager.reload()).status(), 200, 'asking changes nothing');
  await owner.getByRole('textbox', { name: 'Reason' }).fill('Invitations go through the owner');
  await owner.getByRole('button', { name: 'Save permissions' }).click();
  await owner.getByText('The permissions were changed. They take effect at once.').waitFor();
  assert.equal((await manager.goto('/invitations/new')).status(), 403);
  assert.equal((await manager.goto('/invitations')).status(), 200);
  assert.equal(await manager.getByRole('link', { name: 'Invite someone' }).count(), 0);
  await keepSession(manager, demo, 'operations manager');
});

test('operations manager who is disabled is out on the next request', async (t) => {
  const [owner, manager] = [await openAs(t, 'owner'), await openAs(t, 'operations manager')];
  assert.equal((await manager.goto('/users')).status(), 200);
  await openPerson(owner, 'ops@example.com');
  await owner.getByRole('link', { name: 'Disable' }).click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Disable user' }).click();
  await owner.getByText('The user is disabled and signed out everywhere.').waitFor();
  await manager.reload();
  assert.equal(new URL(manager.url()).pathname, '/sign-in');

  await manager.locator('#address').fill('ops@example.com');
  await manager.locator('#password').fill(demo.signIns['operations manager'].password);
  await manager.getByRole('button', { name: 'Sign in', exact: true }).click();
  await manager.getByRole('alert').waitFor();
  assert.equal((await send(demo, '/users', { cookie: await cookiesOf(manager) })).status, 303, 'the right password is not enough');
});
