// An owner looks what would go, and says with a code how long records are kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { codeFor, digestOf } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test('owner tries days for a class, sets them with a code, and finds them in the log', async (t) => {
  const owner = await openPage(t, demo);
  const reader = await openPage(t, demo);
  await signIn(owner, demo, 'owner');

  await owner.goto('/audit/retention');
  await owner.getByText('Everything is kept for good').waitFor();
  await owner.getByRole('link', { name: 'Look what would go' }).click();
  await owner.getByRole('textbox', { name: 'Class to try' }).fill('session');
  await owner.getByLabel('Days').fill('89');
  await owner.getByRole('button', { name: 'Look', exact: true }).click();
  await owner.getByText('Enter 90 to 36525 days.').first().waitFor();
  await owner.getByLabel('Days').fill('90');
  await owner.getByRole('button', { name: 'Look', exact: true }).click();
  await owner.getByText('Nothing would go').waitFor();

  await owner.goto('/audit/retention');
  await owner.getByRole('link', { name: 'Set a class' }).click();
  await owner.getByLabel('Class of actions').fill('session');
  await owner.getByLabel('Days').fill('400');
  await owner.getByLabel('Reason').fill('Policy 7');
  await owner.getByRole('button', { name: 'Set', exact: true }).click();
  await owner.getByText('Change how long the log keeps records of “session”').first().waitFor();
  const digest = await digestOf(owner);
  await owner.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', digest));
  await owner.getByRole('button', { name: 'Set', exact: true }).click();
  await owner.getByText('How long these records are kept is set.').waitFor();
  await owner.getByText('400 days').waitFor();
  await lookAround(owner, 'retention-set');
  await owner.goto('/audit?action=audit_retention.changed');
  await owner.locator('td a.into').first().click();
  await owner.getByText('Policy 7', { exact: true }).waitFor();

  await owner.goto('/audit/restores/new?segment=7');
  await owner.getByLabel('Reason').fill('It is looked into.');
  await owner.getByRole('button', { name: 'Bring back' }).click();
  await owner.getByText('The archive has no such segment.').first().waitFor();
  // What is refused is 422, which the browser notes.
  assert.deepEqual(owner.noise.filter((line) => !line.includes('422')), []);
  owner.noise.splice(0, owner.noise.length);
});
