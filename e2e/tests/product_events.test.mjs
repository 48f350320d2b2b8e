// Events of the guarded product: rules that are tried and saved, an event that is sent, and its page.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { axeCheck } from '../lib/look.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

const EVENT = {
  key: 'e2e-1',
  action: 'app.plan.approved',
  entity: { type: 'app.plan', id: 'PL-42' },
  actor: { id: 'u-17' },
  before: { state: 'draft', pin: 'wombat' },
  after: { state: 'approved', pin: 'bandicoot', card: '4111 1111 1111 1111' },
};

test('owner says what is never stored, and what is sent follows it', async (t) => {
  const page = await openPage(t, demo, { calm: false });
  await signIn(page, demo, 'owner', { fresh: true });

  await t.test('a rule that cannot be read is named by its line', async () => {
    await page.goto('/audit/intake');
    await page.locator('#rules').fill('secret /pin\nhide /card');
    await page.getByRole('button', { name: 'Save rules' }).click();
    await page.getByText(/Line 2/).first().waitFor();
    await axeCheck(page);
  });

  await t.test('rules are saved and tried on an event that is stored nowhere', async () => {
    await page.locator('#rules').fill('secret /pin');
    await page.getByRole('button', { name: 'Save rules' }).click();
    await page.getByText('Events that are stored from now on follow them.').waitFor();
    await page.locator('#event').fill(JSON.stringify(EVENT));
    await page.getByRole('button', { name: 'Try', exact: true }).click();
    await page.getByText('It would be recorded like this.').waitFor();
    assert.equal(await page.getByText('Secret, never recorded').count(), 3);
    await axeCheck(page);
  });

  await t.test('an event that is sent is found on a page of its own without what is hidden', async () => {
    const csrf = await page.locator('input[name="csrf"]').first().getAttribute('value');
    const answer = await page.evaluate(
      async ([event, token]) => {
        const sent = await fetch('/v1/audit/events', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token },
          body: JSON.stringify(event),
        });
        return { status: sent.status, body: await sent.json() };
      },
      [EVENT, csrf],
    );
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    await page.goto(`/audit/events/${answer.body.id}`);
    await page.getByText('PL-42').first().waitFor();
    await page.getByText('u-17').first().waitFor();
    const text = await page.locator('body').innerText();
    // Whole values: four digits also stand in a digest now and then.
    assert.doesNotMatch(text, /wombat|bandicoot|4111 ?1111/);
    await axeCheck(page);
  });
});
