// Signing in as a person does.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { STEP_SECONDS, totp } from './totp.mjs';

/** The purposes that browsers and password managers know the fields by. */
const ADDRESS = 'input[autocomplete~="username"]';
const PASSWORD = 'input[autocomplete~="current-password"]';
const SESSION = '__Host-bailiwick';
/** Milliseconds for which a session serves other tests: what proves who somebody is counts for ten minutes. */
const NEW_ENOUGH = 2 * 60 * 1000;
const CODE = 'input[autocomplete~="one-time-code"]';

/**
 * Signs in as `who` of the demo's sign-ins: `owner`, `auditor`, … and leaves the page on `/`.
 *
 * The session of the first sign-in serves the tests that follow, in this file and others: a one-time code is good once
 * only. A test that ends its session asks for one of its own with `fresh`.
 */
export async function signIn(page, demo, who, { fresh = false } = {}) {
  const kept = `${demo.readyFile}.${who}`;
  const { at, cookies } = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : { at: 0 };
  if (!fresh) follow(page, demo, who);
  if (!fresh && Date.now() - at < NEW_ENOUGH) {
    await page.context().addCookies(cookies);
    await page.goto('/');
    if (!new URL(page.url()).pathname.startsWith('/sign-in')) return;
  }
  await typeIn(page, demo, who);
  if (!fresh) keep(kept, Date.now(), await page.context().cookies());
  await page.goto('/');
}

/** Keeps the page's session for the tests that follow; for a test in which it got another id. */
export async function keepSession(page, demo, who) {
  const kept = `${demo.readyFile}.${who}`;
  const at = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')).at : Date.now();
  keep(kept, at, await page.context().cookies());
}

/** After some changes a session has another id, with which the tests that follow go on; until its person signs out. */
function follow(page, demo, who) {
  let signedOut = false;
  page.on('response', async (response) => {
    try {
      const set = (await response.headerValue('set-cookie')) ?? '';
      if (signedOut || !set.includes(`${SESSION}=`)) return;
      if (await idOf(page)) await keepSession(page, demo, who);
      else signedOut = true;
    } catch {
      // The page was closed meanwhile: there is nobody to follow.
    }
  });
}

function keep(file, at, cookies) {
  writeFileSync(file, JSON.stringify({ at, cookies }), { mode: 0o600 });
}

async function idOf(page) {
  return (await page.context().cookies()).find(({ name }) => name === SESSION)?.value;
}

/** A code of `who` that was never used before: this half minute's, or the next one's, which is accepted early. */
export async function codeOf(demo, who) {
  const secret = demo.signIns[who]?.totp_secret;
  assert.ok(secret, `${who} is asked for a code and has no authenticator`);
  const file = `${demo.readyFile}.${who}.step`;
  const used = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  const step = Math.max(used + 1, Math.floor(Date.now() / 1000 / STEP_SECONDS));
  const early = step * STEP_SECONDS - Date.now() / 1000 - STEP_SECONDS;
  if (early > 0) await sleep(early * 1000 + 100);
  writeFileSync(file, String(step));
  return totp(secret, step * STEP_SECONDS * 1000);
}

/** Signs in on the form, without keeping the session for others, and stays where that leads. */
export async function typeIn(page, demo, who, next = '/') {
  const person = demo.signIns[who];
  assert.ok(person, `the demo has no sign-in "${who}", only ${Object.keys(demo.signIns).join(', ')}`);
  await page.goto(next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`);
  await page.locator(ADDRESS).fill(person.address);
  await page.locator(PASSWORD).fill(person.password);
  await submit(page, PASSWORD);
  if ((await page.locator(CODE).count()) > 0) {
    await page.locator(CODE).fill(await codeOf(demo, who));
    await submit(page, CODE);
  }
  assert.equal(await page.locator(`${PASSWORD}, ${CODE}`).count(), 0, `${who} is not signed in: ${page.url()}`);
}

async function submit(page, field) {
  const button = page.locator('form', { has: page.locator(field) }).locator('button:not([type="button"])');
  await Promise.all([page.waitForEvent('load'), button.click()]);
}
