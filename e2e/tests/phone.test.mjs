// One-time codes to a phone: the number is proven by two codes, and the code of a sensitive change arrives there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { digestOf, letterTo } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();
const PHONE = '+61491570156@phone.invalid';
const digits = (text) => text.match(/\b(\d{4} \d{4})\b/)[1];

test('owner proves a phone with two codes, confirms a reset with the code that arrives there, and removes it', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/account');
  await panel(owner, 'Phone for one-time codes').getByRole('link', { name: 'Add a number' }).click();
  await owner.getByLabel('Phone number').fill('0491 570 156');
  await owner.getByRole('button', { name: 'Send codes' }).click();
  await owner.getByText('Enter the number with its country').first().waitFor();
  // The answer to a form that needs a second look is 422, which the browser notes.
  owner.noise.splice(0, owner.noise.length, ...owner.noise.filter((line) => !line.includes('422')));
  await owner.getByLabel('Phone number').fill('+61 491 570 156');
  await owner.getByRole('button', { name: 'Send codes' }).click();
  await owner.getByRole('heading', { name: 'Prove •••0156' }).waitFor();
  await lookAround(owner, 'phone-codes');

  const reader = await openPage(t, demo);
  const message = digits(await letterTo(reader, PHONE, 'Text message'));
  const letter = digits(await letterTo(reader, 'owner@example.com', 'Your code for a phone number'));
  await owner.getByLabel('Eight digits from the message').fill(letter);
  await owner.getByLabel('Eight digits from the letter').fill(message);
  await owner.getByRole('button', { name: 'Use this number' }).click();
  await owner.getByText('These two codes do not work together.').first().waitFor();
  owner.noise.splice(0, owner.noise.length, ...owner.noise.filter((line) => !line.includes('422')));
  await owner.getByLabel('Eight digits from the message').fill(message);
  await owner.getByLabel('Eight digits from the letter').fill(letter);
  await owner.getByRole('button', { name: 'Use this number' }).click();
  await owner.getByText('One-time codes go to this number from now on.').waitFor();
  assert.equal(await panel(owner, 'Phone for one-time codes').getByText('•••0156').count(), 1);
  await letterTo(reader, 'owner@example.com', 'Your phone number at');

  await owner.goto('/users');
  await owner.getByRole('link', { name: 'Plan Manager', exact: true }).click();
  await owner.getByRole('link', { name: 'Reset second factors' }).click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Reset second factors' }).click();
  const digest = await digestOf(owner);
  await owner.getByText('as a message to').waitFor();
  await lookAround(owner, 'step-up-by-message');
  let text = '';
  for (let tried = 0; !text.includes(digest) && tried < 50; tried += 1) {
    text = await letterTo(reader, PHONE, 'Text message');
  }
  assert.match(text, /Remove the second factors of/);
  await owner.getByLabel('Eight digits').fill(digits(text));
  await owner.getByRole('button', { name: 'Reset second factors' }).click();
  await owner.getByText('The second factors are removed.').waitFor();

  await owner.goto('/account/phone');
  await lookAround(owner, 'phone-verified');
  await owner.goto('/account/phone/remove');
  await lookAround(owner, 'phone-remove');
  await owner.getByRole('button', { name: 'Remove number' }).click();
  await owner.getByText('The number was removed.').waitFor();
  await owner.goto('/audit?action=phone.removed');
  assert.equal((await rows(panel(owner, 'Records'))).length, 1);
  await owner.getByRole('link', { name: 'Changes only' }).click();
  await owner.getByRole('link', { name: 'Changes only' }).and(owner.locator('[aria-current="true"]')).waitFor();
  assert.equal(new URL(owner.url()).searchParams.get('only'), 'changes');
});

test('member without JavaScript names a number and takes it back before it is proven', async (t) => {
  const member = await openPage(t, demo, { javaScript: false, calm: false });
  await signIn(member, demo, 'auditor');
  await member.goto('/account/phone');
  await member.getByLabel('Phone number').fill('+61 491 570 158');
  await member.getByRole('button', { name: 'Send codes' }).click();
  await member.getByRole('heading', { name: 'Prove •••0158' }).waitFor();
  await member.goto('/account/phone/remove');
  await member.getByRole('button', { name: 'Remove number' }).click();
  await member.getByText('The number was removed.').waitFor();
  assert.equal(await member.getByText('•••0158').count(), 0);
});
