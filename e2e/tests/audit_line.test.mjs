// The line in which the log is searched: completion, faults with their column, the bars, and searches that are kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';
import { shoot } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = sharedDemo();

async function open(t, options = {}) {
  const page = await openPage(t, demo, options);
  await signIn(page, demo, 'auditor');
  await page.goto('/audit');
  return page;
}

const query = (page) => new URL(page.url()).searchParams.get('q');

test('responder completes a key and a value with the keyboard, and searches', async (t) => {
  const page = await open(t);
  const line = page.locator('#q');
  await line.pressSequentially('acti');
  const options = page.getByRole('option');
  await options.filter({ hasText: 'action:' }).waitFor();
  await line.press('ArrowDown');
  await line.press('Enter');
  assert.equal(await line.inputValue(), 'action:');
  await line.pressSequentially('us');
  await options.filter({ hasText: 'user.*' }).waitFor();
  await line.press('ArrowDown');
  await shoot(page, 'audit-completion');
  await line.press('Enter');
  assert.equal(await line.inputValue(), 'action:user.*');
  await line.press('Enter');
  await page.waitForURL(/q=action/);
  const found = await rows(panel(page, 'Records'));
  assert.ok(found.length > 0 && found.every(([what]) => what.startsWith('user.')), JSON.stringify(found));
});

test('responder who presses Escape keeps the line', async (t) => {
  const page = await open(t);
  const line = page.locator('#q');
  await line.pressSequentially('outcome:ok acti');
  await page.getByRole('option').filter({ hasText: 'action:' }).waitFor();
  await line.press('Escape');
  await page.getByRole('listbox').waitFor({ state: 'hidden' });
  await line.press('Escape');
  assert.equal(await line.inputValue(), 'outcome:ok acti');
});

test('responder hears of a misspelt action, and searches by months', async (t) => {
  const page = await open(t);
  await page.goto('/audit?q=action%3Asession.craeted');
  await page.getByText('No record here has an action session.craeted. Did you mean session.created?').waitFor();
  await page.goto('/audit?q=after%3A2020-01');
  assert.ok((await rows(panel(page, 'Records'))).length > 0);
  await page.goto('/audit?q=on%3A2020-01');
  await page.getByText('No record matches').waitFor();
});

test('responder without script searches, pages and narrows by a bar', async (t) => {
  const page = await open(t, { javaScript: false });
  await page.locator('#q').fill('-entity:(session|sign_in_attempt)');
  await page.getByRole('button', { name: 'Filter' }).click();
  assert.equal(query(page), '-entity:(session|sign_in_attempt)');
  const first = await rows(panel(page, 'Records'));
  assert.ok(first.length > 0);
  const next = page.getByRole('link', { name: 'Next' });
  if ((await next.count()) > 0) {
    await next.click();
    await page.getByRole('link', { name: 'Previous' }).click();
    assert.deepEqual((await rows(panel(page, 'Records'))).map(([what]) => what), first.map(([what]) => what));
  }
  const bar = page.locator('.histogram a').last();
  await page.goto(new URL(await bar.getAttribute('href'), page.url()).href);
  const within = new URL(page.url()).searchParams;
  assert.ok(within.has('from') && within.has('to'), page.url());
  assert.ok((await rows(panel(page, 'Records'))).length > 0);
});

test('responder is told where the line is wrong and gets it back', async (t) => {
  const page = await open(t);
  const answer = await page.goto('/audit?q=outcome%3Aok+actr%3Ame');
  assert.equal(answer.status(), 422);
  await page.getByText('Column 12: There is no key of this name. Did you mean "actor:"?').first().waitFor();
  assert.equal(await page.locator('#q').inputValue(), 'outcome:ok actr:me');
});

test('responder keeps a search and finds it again', async (t) => {
  const page = await open(t);
  await page.goto('/audit?q=outcome%3A%28denied%7Cfailed%29');
  await page.getByRole('link', { name: 'Keep it' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('What was refused');
  await page.getByRole('button', { name: 'Keep search' }).click();
  await page.getByText('The search is kept.').waitFor();
  await page.getByRole('link', { name: 'What was refused' }).click();
  assert.equal(query(page), 'outcome:(denied|failed)');
  await page.goto('/audit/searches');
  await page.getByRole('link', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove search' }).click();
  await page.getByText('The search is kept no longer.').waitFor();
});
