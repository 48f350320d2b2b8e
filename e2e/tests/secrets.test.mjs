// A stored secret: written once, staged, put into use with the mailed code, deleted; and its value on no page.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { codeFor, digestOf } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { panel } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

/** No page that is looked at here holds a value. */
async function holdsNoValue(page) {
  assert.doesNotMatch(await page.content(), /opensesame/);
}

test('owner stores a secret, rotates it with a code and deletes it, and never sees a value again', async (t) => {
  const owner = await openPage(t, demo);
  const reader = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/secrets');
  await owner.getByText('No secrets yet').waitFor();
  await owner.getByRole('link', { name: 'Store secret' }).click();
  await owner.locator('#name').fill('Not a name');
  await owner.locator('#value').fill('opensesame-first-value');
  await owner.getByRole('button', { name: 'Store secret' }).click();
  await owner.locator('#name-error').waitFor();
  await holdsNoValue(owner);
  assert.equal(await owner.locator('#value').inputValue(), '', 'the value is typed again');
  await owner.locator('#name').fill('gateway/stripe/api_key');
  await owner.locator('#value').fill('opensesame-first-value');
  await owner.getByRole('button', { name: 'Store secret' }).click();
  await owner.getByText('The secret is stored. Nobody sees its value again.').waitFor();
  await holdsNoValue(owner);
  await panel(owner, 'Versions').getByText('16 to 31 octets').waitFor();

  await owner.locator('#value').fill('opensesame-second-value');
  await owner.getByRole('button', { name: 'Stage version' }).click();
  await owner.getByText('The version is staged.').waitFor();
  await holdsNoValue(owner);
  await lookAround(owner, 'secret-staged');
  await owner.getByRole('button', { name: 'Put version 2 into use' }).click();
  await owner.getByText('Rotate the secret “gateway/stripe/api_key”').first().waitFor();
  await holdsNoValue(owner);
  await lookAround(owner, 'secret-code');
  await owner.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', await digestOf(owner)));
  await owner.getByRole('button', { name: 'Rotate secret' }).click();
  await owner.getByText('The staged version is the current one from now on.').waitFor();
  await panel(owner, 'Versions').getByText('Previous').waitFor();
  await holdsNoValue(owner);

  await owner.getByRole('link', { name: 'History' }).click();
  await owner.getByText('secret.rotated').first().waitFor();
  await holdsNoValue(owner);
  await owner.goto('/secrets');
  await lookAround(owner, 'secrets');
  await owner.getByRole('link', { name: 'gateway/stripe/api_key' }).click();
  await owner.getByRole('link', { name: 'Delete' }).click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Delete secret' }).click();
  await owner.getByText('Delete the secret “gateway/stripe/api_key”').first().waitFor();
  await owner.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', await digestOf(owner)));
  await owner.getByRole('button', { name: 'Delete secret' }).click();
  await owner.getByText('The secret is deleted with every version of it.').waitFor();
  await owner.getByText('No secrets yet').waitFor();
});
