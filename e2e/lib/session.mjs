// Signing in as a person does.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { totp } from './totp.mjs';

/** The purposes that browsers and password managers know the fields by. */
const ADDRESS = 'input[autocomplete~="username"]';
const PASSWORD = 'input[autocomplete~="current-password"]';
const CODE = 'input[autocomplete~="one-time-code"]';

/**
 * Signs in as `who` of the demo's sign-ins: `owner`, `auditor`, … and leaves the page on `/`.
 *
 * The session of the first sign-in serves the tests that follow, in this file and others: a one-time code is good once
 * only, and the next comes half a minute later. A test that ends its session asks for one of its own with `fresh`.
 */
export async function signIn(page, demo, who, { fresh = false } = {}) {
  const kept = `${demo.readyFile}.${who}`;
  if (!fresh && existsSync(kept)) {
    await page.context().addCookies(JSON.parse(readFileSync(kept, 'utf8')));
    await page.goto('/');
    return;
  }
  await typeIn(page, demo, who);
  if (!fresh) writeFileSync(kept, JSON.stringify(await page.context().cookies()), { mode: 0o600 });
  await page.goto('/');
}

async function typeIn(page, demo, who) {
  const person = demo.signIns[who];
  assert.ok(person, `the demo has no sign-in "${who}", only ${Object.keys(demo.signIns).join(', ')}`);
  await page.goto('/sign-in');
  await page.locator(ADDRESS).fill(person.address);
  await page.locator(PASSWORD).fill(person.password);
  await submit(page, PASSWORD);
  if ((await page.locator(CODE).count()) > 0) {
    assert.ok(person.totp_secret, `${who} is asked for a code and has no authenticator`);
    await page.locator(CODE).fill(totp(person.totp_secret));
    await submit(page, CODE);
  }
  assert.equal(await page.locator(`${PASSWORD}, ${CODE}`).count(), 0, `${who} is not signed in: ${page.url()}`);
}

async function submit(page, field) {
  const button = page.locator('form', { has: page.locator(field) }).locator('button[type="submit"]');
  await Promise.all([page.waitForEvent('load'), button.click()]);
}
