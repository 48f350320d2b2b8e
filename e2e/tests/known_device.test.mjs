// A browser that somebody signed in from is known again, and strangers who guess keep nobody out of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { typeIn } from '../lib/session.mjs';

const demo = await fileDemo();
const WHO = 'operations manager';
const DEVICE = '__Host-bailiwick-device';

async function deviceOf(page) {
  return (await page.context().cookies()).find(({ name }) => name === DEVICE);
}

test('operations manager signs in from their browser while a stranger guesses', async (t) => {
  const { address, password } = demo.signIns[WHO];
  const page = await openPage(t, demo);
  await page.goto('/sign-in');
  assert.equal(await deviceOf(page), undefined, 'a visitor is nobody known');
  await typeIn(page, demo, WHO);
  const { secure, httpOnly, sameSite, path, domain, expires } = await deviceOf(page);
  assert.deepEqual({ secure, httpOnly, sameSite, path, domain }, { secure: true, httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' });
  const days = (expires - Date.now() / 1000) / 86_400;
  assert.ok(days > 170 && days <= 180.1, `it is kept for ${days} days`);
  await page.getByRole('button', { name: /^Account:/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  assert.ok(await deviceOf(page), 'it outlasts the session');

  const stranger = await openPage(t, demo, { calm: false });
  const guess = async (text) => {
    await stranger.goto('/sign-in');
    await stranger.locator('#address').fill(address);
    await stranger.locator('#password').fill(text);
    await stranger.getByRole('button', { name: 'Sign in', exact: true }).click();
    return stranger.getByRole('alert').innerText();
  };
  const wrong = await guess('not the password');
  for (let more = 0; more < 4; more += 1) await guess('not the password');
  assert.equal(await guess(password), wrong, 'the right one comes too late, and nothing says that it was right');
  assert.equal(await deviceOf(stranger), undefined);

  await typeIn(page, demo, WHO);
  await page.goto('/account/sessions');
  await page.getByText('ending its session forgets it').waitFor();
});
