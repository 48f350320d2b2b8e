// Encryption keys, as an owner turns them: rotated with the mailed code, and the version before destroyed unless that is called off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { codeFor, digestOf } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

/** Answers the question for the code that was mailed. */
async function confirm(owner, reader, button) {
  const digest = await digestOf(owner);
  await owner.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', digest));
  await owner.getByRole('button', { name: button }).click();
}

/** Looks again until the link is there: what is wrapped anew, is in the background. */
async function onceThere(page, link) {
  for (let round = 0; round < 30; round += 1) {
    await page.goto('/keys');
    if ((await link.count()) > 0) return;
    await page.waitForTimeout(500);
  }
  assert.fail('nothing can be destroyed');
}

test('owner rotates the encryption key, and calls off the destruction of the version before', async (t) => {
  const owner = await openPage(t, demo);
  const reader = await openPage(t, demo);
  await signIn(owner, demo, 'owner', { fresh: true });
  await owner.goto('/keys/rotate');
  await owner.getByRole('button', { name: 'Rotate' }).click();
  await confirm(owner, reader, 'Rotate');
  await owner.getByText('The key was rotated.').waitFor();
  await owner.getByText('Version 2').waitFor();

  const destroy = owner.getByRole('link', { name: 'Destroy version 1' });
  await onceThere(owner, destroy);
  await lookAround(owner, 'keys-two-versions');
  await owner.goto(await destroy.getAttribute('href'));
  await lookAround(owner, 'key-destroy');
  await owner.getByLabel('Reason').fill('Its time is over.');
  await owner.getByRole('button', { name: 'Destroy' }).click();
  await confirm(owner, reader, 'Destroy');
  const call = owner.getByRole('link', { name: /^Call off/ });
  await call.waitFor();
  await lookAround(owner, 'key-destruction-waits');
  await owner.goto(await call.getAttribute('href'));
  await lookAround(owner, 'key-destruction-cancel');
  await owner.getByRole('button', { name: 'Keep the key' }).click();
  await owner.getByText('Version 1').first().waitFor();
  assert.equal(await call.count(), 0);
});
