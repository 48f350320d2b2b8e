// Data-subject requests and legal holds, as an owner goes through them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { codeFor, digestOf } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

async function confirm(owner, reader, button) {
  const digest = await digestOf(owner);
  await owner.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', digest));
  await owner.getByRole('button', { name: button }).click();
}

test('owner places a hold that wins over an erasure, lifts it, and erases with a certificate', async (t) => {
  const owner = await openPage(t, demo);
  const reader = await openPage(t, demo);
  await signIn(owner, demo, 'owner');

  await owner.goto('/audit/subjects');
  await lookAround(owner, 'subjects');
  await owner.getByLabel('Address or id').fill('plan@example.com');
  await owner.getByRole('button', { name: 'Look' }).click();
  await owner.getByRole('heading', { level: 1, name: 'What is kept of Plan Manager' }).waitFor();
  await lookAround(owner, 'subject');
  const request = new URL(owner.url()).pathname;

  await owner.goto('/audit/holds/new');
  await lookAround(owner, 'hold-new');
  await owner.getByLabel('One thing').check();
  await owner.getByRole('textbox', { name: 'Kind' }).waitFor();
  assert.equal(await owner.getByRole('textbox', { name: 'Person' }).isVisible(), false);
  await lookAround(owner, 'hold-new-thing');
  await owner.getByLabel('The whole organisation').check();
  assert.equal(await owner.getByRole('textbox', { name: 'Kind' }).isVisible(), false);
  await owner.getByLabel('Reason').fill('Matter 12');
  await owner.getByRole('button', { name: 'Place hold' }).click();
  await confirm(owner, reader, 'Place hold');
  await owner.getByText('The hold is placed.').waitFor();
  await lookAround(owner, 'holds');
  await owner.goto(request);
  await owner.getByText('on the whole organisation keeps this').waitFor();
  assert.equal(await owner.getByRole('link', { name: 'Erase', exact: true }).count(), 0);
  await owner.getByRole('link', { name: 'Look at the hold' }).click();
  await owner.getByText('Matter 12').waitFor();

  await owner.goto('/audit/holds');
  await owner.getByRole('link', { name: /^Lift/ }).click();
  await owner.getByLabel('Reason').fill('Settled.');
  await owner.getByRole('button', { name: 'Lift hold' }).click();
  await confirm(owner, reader, 'Lift hold');
  await owner.getByText('The hold is lifted.').waitFor();

  await owner.goto(`${request}/erase`);
  await lookAround(owner, 'subject-erase');
  await owner.getByRole('button', { name: 'Erase' }).click();
  await confirm(owner, reader, 'Erase');
  await owner.getByText('What was kept of the person is erased.').waitFor();
  await lookAround(owner, 'subject-erased');
  assert.equal(await owner.getByText('plan@example.com').count(), 0);
  await owner.getByText('Records with personal values').waitFor();
  const href = await owner.getByRole('link', { name: 'Certificate' }).getAttribute('href');
  let text = '';
  for (let round = 0; round < 50 && !text.startsWith('Erasure certificate'); round += 1) {
    text = await owner.evaluate(async (path) => (await fetch(path)).text(), href);
    if (!text.startsWith('Erasure certificate')) await owner.waitForTimeout(200);
  }
  assert.match(text, /^Erasure certificate, version 1\n/);
  assert.ok(text.includes('c2sp.org/tlog-proof@v1') && !text.includes('plan@example.com'));
  // Asking before the log has signed it is 409, which the browser notes.
  owner.noise.splice(0, owner.noise.length, ...owner.noise.filter((line) => !line.includes('409')));
});
