// Somebody guessed wrong too often, and an administrator lets them try again before their time is over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { lookAround } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn, typeIn } from '../lib/session.mjs';

const demo = await fileDemo();
const WHO = 'operations manager';

test('owner lets somebody try again who guessed wrong too often, and it is recorded', async (t) => {
  const { address, password } = demo.signIns[WHO];
  const person = await openPage(t, demo, { calm: false });
  const tryWith = async (text) => {
    await person.goto('/sign-in');
    await person.locator('#address').fill(address);
    await person.locator('#password').fill(text);
    await person.getByRole('button', { name: 'Sign in', exact: true }).click();
    return person.getByRole('alert').innerText();
  };
  for (let guess = 0; guess < 5; guess += 1) await tryWith('not the password');
  await tryWith(password);
  assert.ok(person.url().includes('/sign-in'), 'the right one comes too late');

  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto(`/users?q=${encodeURIComponent(address)}`);
  await panel(owner, 'Users').locator('td a').first().click();
  const unlock = owner.getByRole('link', { name: 'Let them try again' });
  await unlock.waitFor();
  await lookAround(owner, 'user-waits');
  await unlock.click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Let them try again', exact: true }).click();
  await owner.getByText('The person can try again at once.').waitFor();
  assert.equal(await unlock.count(), 0, 'there is nothing left to unlock');

  await typeIn(person, demo, WHO);
  await owner.goto('/audit?action=login.unlocked');
  assert.equal((await rows(panel(owner, 'Records'))).length, 1);
  await owner.goto('/security/events');
  await owner.getByText('Operations Manager account unlocked').first().waitFor();
});
