// Sensitive changes: asked for on the page, confirmed with the code of the letter.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { codeFor, digestOf, letterTo } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { keepSession, signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test("owner resets a member's lost factor with the mailed code, and the page's figures follow", async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/users');
  await owner.getByRole('link', { name: 'Plan Manager', exact: true }).click();
  await owner.getByRole('heading', { level: 1, name: 'Plan Manager' }).waitFor();
  const member = new URL(owner.url()).pathname;
  await owner.getByRole('link', { name: 'Reset second factors' }).click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Reset second factors' }).click();
  const digest = await digestOf(owner);
  await owner.getByText('Second factor: state from “verified” to “removed”').waitFor();
  await owner.getByText('o•••@example.com').waitFor();
  await lookAround(owner, 'step-up');

  const reader = await openPage(t, demo);
  const code = await codeFor(reader, 'owner@example.com', digest);
  await lookAround(reader, 'step-up-letter');
  const wrong = code === '0000 0000' ? '1111 1111' : '0000 0000';
  await owner.getByLabel('Eight digits').fill(wrong);
  await owner.getByRole('button', { name: 'Reset second factors' }).click();
  await owner.getByText('This code does not work for this change.').first().waitFor();
  // The answer to a form that needs a second look is 422, which the browser notes.
  owner.noise.splice(0, owner.noise.length, ...owner.noise.filter((line) => !line.includes('422')));
  await lookAround(owner, 'step-up-refused');
  await owner.getByLabel('Eight digits').fill(code);
  await owner.getByRole('button', { name: 'Reset second factors' }).click();
  await owner.getByText('The second factors are removed.').waitFor();
  assert.equal(new URL(owner.url()).pathname, member);
  // The code was a proof, so the session has another id.
  await keepSession(owner, demo, 'owner');
  assert.equal(await panel(owner, 'Details').getByText('Missing').count(), 1);
  assert.equal(await owner.getByRole('link', { name: 'Reset second factors' }).count(), 0);

  await owner.goto('/audit?action=mfa.reset');
  assert.equal((await rows(panel(owner, 'Records'))).length, 1);
  await owner.goto('/audit?action=step_up.approved');
  assert.equal((await rows(panel(owner, 'Records'))).length, 1);
  await owner.goto('/security/events');
  await owner.getByText('The second factors of a user with the role Plan Manager were removed').first().waitFor();
  await letterTo(reader, 'plan@example.com', 'Your second factors at');
});

test('platform operator without JavaScript suspends an organisation with the newest code', async (t) => {
  const owner = await openPage(t, demo, { calm: false });
  await signIn(owner, demo, 'owner');
  const operator = await openPage(t, demo, { javaScript: false, calm: false });
  await signIn(operator, demo, 'platform operator');
  await operator.goto('/platform/tenants');
  await operator.locator('a[href$="/suspend"]').first().click();
  await operator.getByLabel('Reason').fill('unpaid since May');
  await operator.getByRole('button', { name: 'Suspend organisation' }).click();
  const digest = await digestOf(operator);
  const reader = await openPage(t, demo);
  const first = await codeFor(reader, 'operator@example.com', digest);
  await operator.getByRole('button', { name: 'Send another code' }).click();
  assert.equal(await digestOf(operator), digest, 'the same change has the same digest');
  let second = first;
  for (let tried = 0; second === first && tried < 50; tried += 1) {
    second = await codeFor(reader, 'operator@example.com', digest);
  }
  await operator.getByLabel('Eight digits').fill(first);
  await operator.getByRole('button', { name: 'Suspend organisation' }).click();
  await operator.getByText('This code does not work for this change.').first().waitFor();
  await operator.getByLabel('Eight digits').fill(second);
  await operator.getByRole('button', { name: 'Suspend organisation' }).click();
  await operator.getByText('The organisation is suspended.').waitFor();

  assert.equal((await owner.goto('/users')).status(), 403);
  await operator.locator('a[href$="/reactivate"]').first().click();
  await operator.getByLabel('Reason').fill('paid');
  await operator.getByRole('button', { name: 'Reactivate organisation' }).click();
  await operator.getByText('The organisation is served again.').waitFor();
  assert.equal((await owner.goto('/users')).status(), 200);
});
