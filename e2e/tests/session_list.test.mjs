// People see where they are signed in, end what should not be there, and prove again who they are before they may.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { cookiesOf, send, sessionOf } from '../lib/http.mjs';
import { axeCheck, lookAround } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { codeOf, signIn, typeIn } from '../lib/session.mjs';

const demo = await fileDemo();

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

test('owner ends the session of a phone from the browser on the desk', async (t) => {
  const desk = await openPage(t, demo);
  await signIn(desk, demo, 'owner', { fresh: true });
  const phone = await openPage(t, demo, { userAgent: PHONE });
  await typeIn(phone, demo, 'owner');
  const stolen = await cookiesOf(phone);

  await t.test('owner sees both and which one is here', async () => {
    await desk.goto('/account');
    await desk.getByRole('link', { name: 'End sessions' }).click();
    await desk.getByRole('heading', { level: 1, name: 'My sessions' }).waitFor();
    const list = await rows(panel(desk, 'Sessions'));
    assert.equal(list.filter((row) => row.at(-1).includes('This one')).length, 1);
    const [newest] = list;
    assert.match(newest[0], /^Safari on iOS\nPassword and one-time code$/);
    assert.match(newest[1], /^This machine, /);
    await lookAround(desk, 'my-sessions');
  });

  await t.test('owner ends the phone after a question', async () => {
    const row = panel(desk, 'Sessions').getByRole('row', { name: /Safari on iOS/ });
    await row.getByRole('link', { name: /^End/ }).click();
    await desk.getByRole('heading', { name: 'End the session of Safari on iOS?' }).waitFor();
    await axeCheck(desk);
    await desk.getByRole('button', { name: 'End session' }).click();
    await desk.getByText('The session has ended.').waitFor();
    assert.equal(await panel(desk, 'Sessions').getByText('Safari on iOS').count(), 0);
  });

  await t.test('the phone is out at once, and so is a copy of its cookie', async () => {
    await phone.goto('/users');
    assert.equal(new URL(phone.url()).pathname, '/sign-in');
    const { status, headers } = await send(demo, '/users', { cookie: stolen });
    assert.deepEqual([status, headers.location], [303, '/sign-in?next=%2Fusers']);
  });
});

test('owner proves again who they are and gets another session', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner', { fresh: true });
  await page.goto('/sign-in/again?next=%2Faccount%2Fsessions');
  await lookAround(page, 'prove-again');
  const [before, old] = [await sessionOf(page), await cookiesOf(page)];
  const { password } = demo.signIns.owner;

  await page.locator('#password').fill(password);
  await page.locator('#code').fill('000000');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal((await sessionOf(page)).value, before.value);
  assert.equal(await page.locator('#password').inputValue(), '', 'no password comes back');

  await page.locator('#password').fill(password);
  await page.locator('#code').fill(await codeOf(demo, 'owner'));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { level: 1, name: 'My sessions' }).waitFor();
  assert.notEqual((await sessionOf(page)).value, before.value);
  assert.equal((await send(demo, '/account/sessions', { cookie: old })).status, 303, 'the session before it is dead');
});

test('owner ends every session of a colleague, who signs in again', async (t) => {
  const [owner, manager] = [await openPage(t, demo), await openPage(t, demo)];
  await signIn(owner, demo, 'owner');
  await signIn(manager, demo, 'operations manager', { fresh: true });
  await owner.goto('/sessions');
  await panel(owner, 'Sessions').getByRole('searchbox', { name: 'Find' }).fill('ops@example.com');
  await panel(owner, 'Sessions').getByRole('button', { name: 'Find' }).click();
  await panel(owner, 'Sessions').getByRole('link', { name: 'Ops Manager' }).first().click();
  await owner.getByRole('heading', { level: 1, name: 'Sessions of Ops Manager' }).waitFor();
  await lookAround(owner, 'sessions-of-a-person');
  await owner.getByRole('link', { name: 'End all' }).click();
  await owner.getByRole('button', { name: 'End all sessions' }).click();
  await owner.getByText('The sessions have ended.').waitFor();
  await manager.goto('/security');
  assert.equal(new URL(manager.url()).pathname, '/sign-in');
  await owner.goto('/security/events');
  await owner.getByRole('link', { name: 'Operations Manager: every session ended by an administrator', exact: true }).waitFor();
});

test('people without script end a session as well', async (t) => {
  const desk = await openPage(t, demo, { javaScript: false });
  await signIn(desk, demo, 'operations manager', { fresh: true });
  const other = await openPage(t, demo, { userAgent: PHONE });
  await typeIn(other, demo, 'operations manager');
  await desk.goto('/account/sessions');
  await desk.getByRole('link', { name: 'End all others' }).click();
  await desk.getByRole('button', { name: 'End all others' }).click();
  await desk.getByText('The sessions have ended.').waitFor();
  await other.goto('/account');
  assert.equal(new URL(other.url()).pathname, '/sign-in');
});
