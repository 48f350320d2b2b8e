// People: found by a few letters, changed several at once, deleted for good; and what they say of themselves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { codeFor, digestOf, letterTo } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test('owner finds people by the beginnings of their names and addresses', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  await page.goto('/users');
  const everybody = (await rows(panel(page, 'Users'))).length;
  await panel(page, 'Users').getByRole('searchbox', { name: 'Find' }).fill('man pla');
  await panel(page, 'Users').getByRole('button', { name: 'Filter' }).click();
  await page.waitForURL(/q=man/);
  assert.equal((await rows(panel(page, 'Users'))).length, 1);
  await panel(page, 'Users').getByRole('link', { name: 'Plan Manager', exact: true }).waitFor();
  await page.goto('/users?q=ops%40exa');
  await panel(page, 'Users').getByRole('link', { name: 'Ops Manager', exact: true }).waitFor();
  await page.goto('/users?q=lan%20anager');
  await page.getByText('No one matches').waitFor();
  await page.goto('/users');
  assert.equal((await rows(panel(page, 'Users'))).length, everybody);
});

test('owner reminds people to set up a second factor, each by a letter, and reads what became of each', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  await page.goto('/users');
  for (const name of ['Ops Manager', 'Imran Owner']) {
    await page.getByRole('checkbox', { name: `Choose ${name}`, exact: true }).check();
  }
  await page.getByRole('button', { name: 'Remind of second factor' }).click();
  await page.getByRole('heading', { level: 1, name: 'Remind 2 people?' }).waitFor();
  await page.getByRole('button', { name: 'Send letters' }).click();
  await page.getByText('1 user changed, 1 refused.').waitFor();
  await page.getByText('They have a second factor already.').waitFor();
  await lookAround(page, 'people-reminded');
  assert.match(await letterTo(page, 'ops@example.com', 'Please set up a second factor'), /Imran Owner asks you/);
  await page.goto('/audit?action=mfa.reminded');
  assert.equal((await rows(panel(page, 'Records'))).length, 1);
});

for (const javaScript of [true, false]) {
  test(`owner ${javaScript ? 'with' : 'without'} JavaScript disables two people at once and reads what became of each`, async (t) => {
    const page = await openPage(t, demo, { javaScript });
    await signIn(page, demo, 'owner');
    await page.goto('/users');
    for (const name of ['Plan Manager', 'Ops Manager', 'Imran Owner']) {
      await page.getByRole('checkbox', { name: `Choose ${name}`, exact: true }).check();
    }
    await page.getByRole('button', { name: 'Disable', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Disable 3 people?' }).waitFor();
    await page.getByRole('button', { name: 'Disable users' }).click();
    await page.getByText('2 users changed, 1 refused.').waitFor();
    const outcome = await rows(panel(page, 'People'));
    assert.equal(outcome.length, 3);
    assert.equal(outcome.filter((row) => row.join(' ').includes('Refused')).length, 1);
    await page.getByText('Somebody else has to disable your own account.').waitFor();
    if (javaScript) await lookAround(page, 'people-disabled');

    await page.goto('/users?status=disabled');
    assert.equal((await rows(panel(page, 'Users'))).length, 2);
    for (const name of ['Plan Manager', 'Ops Manager']) {
      await page.getByRole('checkbox', { name: `Choose ${name}`, exact: true }).check();
    }
    await page.getByRole('button', { name: 'Enable', exact: true }).click();
    await page.getByRole('button', { name: 'Enable users' }).click();
    await page.getByText('2 users changed.').waitFor();
    await page.goto('/audit?action=user.enabled');
    assert.equal((await rows(panel(page, 'Records'))).length, javaScript ? 2 : 4);
  });
}

test('owner who chose nobody is told so', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  await page.goto('/users');
  await page.getByRole('button', { name: 'Change role' }).click();
  await page.getByText('Choose at least one person first.').waitFor();
});

test('owner reads times in a zone of their own, and programs go on reading UTC', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  await page.goto('/account');
  await page.getByRole('link', { name: 'Change profile' }).click();
  await page.getByLabel('Name').fill('');
  await page.getByLabel('Name').fill('Imran A. Owner');
  await page.getByLabel('Time zone').selectOption('Australia/Brisbane');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await page.getByText('Your profile was changed.').waitFor();
  await page.getByText('Australia/Brisbane').waitFor();
  const time = panel(page, 'My sessions').locator('time').first();
  assert.match(await time.innerText(), / AEST$/);
  assert.match(await time.getAttribute('datetime'), /Z$/);
  assert.match(await time.getAttribute('title'), / AEST \(UTC\+10:00\)$/);
  await page.goto('/users?q=imran');
  await panel(page, 'Users').getByRole('link', { name: 'Imran A. Owner', exact: true }).waitFor();

  const auditor = await openPage(t, demo);
  await signIn(auditor, demo, 'auditor');
  await auditor.goto('/account');
  assert.match(await panel(auditor, 'My sessions').locator('time').first().innerText(), / UTC$/);
});

test('owner gives a person another name', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  await page.goto('/users?q=roster%40example.com');
  await page.locator('td a.into').first().click();
  await page.getByRole('link', { name: 'Change name' }).click();
  await page.getByLabel('Name').fill('Rosa Roster');
  await page.getByRole('button', { name: 'Change name' }).click();
  await page.getByText('The name was changed.').waitFor();
  await page.getByRole('heading', { level: 1, name: 'Rosa Roster' }).waitFor();
});

test('owner deletes a person with the mailed code, who is told, and of whom nothing can be read any more', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/users?q=plan%40example.com');
  await owner.getByRole('link', { name: 'Plan Manager', exact: true }).click();
  const member = new URL(owner.url()).pathname;
  await owner.getByRole('link', { name: 'Delete' }).click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Delete user' }).click();
  const digest = await digestOf(owner);
  await owner.getByText('Delete the account of Plan Manager').waitFor();
  await owner.getByText('User: email “plan@example.com” goes').waitFor();
  const reader = await openPage(t, demo);
  const code = await codeFor(reader, 'owner@example.com', digest);
  await owner.getByLabel('Eight digits').fill(code);
  await owner.getByRole('button', { name: 'Delete user' }).click();
  await owner.getByText('The account is deleted.').waitFor();
  assert.equal(new URL(owner.url()).pathname, '/users');
  assert.equal(await owner.getByText('plan@example.com').count(), 0);
  const letter = await letterTo(reader, 'plan@example.com', 'Your account at');
  assert.match(letter, /this address is erased/);

  await owner.goto(`/audit/entities${member.replace('/users/', '/user/')}`);
  await owner.getByRole('heading', { level: 1, name: /^Erased person/ }).waitFor();
  await lookAround(owner, 'erased-person');
  assert.equal(await owner.getByText('plan@example.com').count(), 0);
  await owner.goto('/mail');
  assert.equal(await panel(owner, 'Letters').getByText('plan@example.com').count(), 0);
  await owner.goto('/security/events');
  await owner.getByText('User with the role Plan Manager deleted').first().waitFor();
  await owner.goto('/users?q=plan%40example.com');
  await owner.getByText('No one matches').waitFor();
  const answer = await owner.goto(member).catch(() => null);
  assert.equal(answer?.status(), 404);
  owner.noise.splice(0, owner.noise.length, ...owner.noise.filter((line) => !line.includes('404')));
});
