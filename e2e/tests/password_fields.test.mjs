// Passwords as people enter them: pasted, looked at for a moment, as long as they like. OWASP ASVS 5.0, 6.2.6 and 6.2.7.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';

const demo = sharedDemo();

test('visitor pastes a password, looks at it and hides it again', async (t) => {
  const page = await openPage(t, demo);
  await page.goto('/sign-in');
  const password = page.locator('#password');
  const chosen = 'Nine brass lanterns, adrift: ÄÖÜ 9';
  await page.locator('#address').fill(chosen);
  await page.locator('#address').press('ControlOrMeta+A');
  await page.locator('#address').press('ControlOrMeta+C');
  await password.press('ControlOrMeta+V');
  assert.equal(await password.inputValue(), chosen);
  assert.equal(await password.getAttribute('type'), 'password', 'what was pasted is masked');
  const show = page.getByRole('button', { name: 'Show what is typed' });
  await show.click();
  assert.equal(await password.getAttribute('type'), 'text');
  assert.equal(await show.getAttribute('aria-pressed'), 'true');
  await show.click();
  assert.equal(await password.getAttribute('type'), 'password');
  assert.equal(await password.inputValue(), chosen);
});

test('no browser cuts off a password that is longer than the server takes', async (t) => {
  const page = await openPage(t, demo);
  await page.goto('/sign-in');
  const long = 'nine brass lanterns adrift '.repeat(60);
  await page.locator('#password').focus();
  await page.keyboard.insertText(long);
  assert.equal(await page.locator('#password').inputValue(), long);
});
