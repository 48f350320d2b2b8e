// What somebody does not use of what they can do is taken from them with one click, after a question.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { letterTo } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

// Nothing is unused before ninety days are recorded.
const demo = await fileDemo(['--older', '100']);

/** How many are unused, and of how many, as the panel's title says it. */
async function tally(page) {
  const [, unused, held] = (await page.locator('#use-title').innerText()).match(/^(\d+) of (\d+) unused$/);
  return [Number(unused), Number(held)];
}

test('owner takes from a developer what they never used, and they are told', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/access/unused/users');
  await panel(owner, 'People').getByRole('link', { name: 'Integration Developer', exact: true }).click();
  await owner.getByRole('heading', { level: 1, name: 'Integration Developer' }).waitFor();
  const [unused, held] = await tally(owner);
  assert.ok(unused > 0 && unused <= held, `${unused} of ${held}`);
  await lookAround(owner, 'unused-person');

  await owner.getByRole('button', { name: 'Take away' }).click();
  await owner.getByRole('heading', { name: 'Take what is not used from Integration Developer?' }).waitFor();
  await owner.getByRole('textbox', { name: 'Reason' }).fill('They have not used it for ninety days');
  await lookAround(owner, 'unused-question');
  await owner.getByRole('button', { name: 'Take away' }).click();
  await owner.getByText('What was not used was taken away.').waitFor();
  assert.deepEqual(await tally(owner), [0, held - unused]);

  await owner.goto('/audit?action=permission.denied');
  assert.ok((await rows(panel(owner, 'Records'))).length > 0, 'each denial is recorded');
  const letter = await letterTo(owner, 'integrations@example.com', 'Your permissions were changed');
  assert.match(letter, /that you had not used/);
});
