// A second factor that the organisation asks for: from the owner's policy to the person's recovery codes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MATRIX, openPage, overflows, setTheme, setWidth } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { withDevice } from '../lib/device.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { panel, rows, tidy } from '../lib/read.mjs';
import { signIn, typeIn } from '../lib/session.mjs';
import { totp } from '../lib/totp.mjs';

const demo = await fileDemo();
const WHO = 'operations manager';

async function look(page, name) {
  for (const { width, theme } of MATRIX) {
    await setWidth(page, width);
    await setTheme(page, theme);
    assert.equal(await overflows(page), false, `${page.url()} is wider than ${width} px`);
    await axeCheck(page);
    await shoot(page, `${name}-${width}-${theme}`);
  }
  await setWidth(page, 1440);
  await setTheme(page, 'light');
}

async function tile(owner) {
  await owner.goto('/security');
  return tidy(await owner.locator('a.tile').first().innerText());
}

/** Gives address and password, and stops where the code is asked for. */
async function givePassword(page) {
  const person = demo.signIns[WHO];
  await page.goto('/sign-in');
  await page.getByLabel('Address').fill(person.address);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
}

/** Opens the newest letter with this subject, which arrives within a second or so. */
async function letter(page, subject) {
  for (let tries = 0; tries < 50; tries += 1) {
    await page.goto('/mailbox');
    const link = page.getByRole('link', { name: subject }).first();
    if ((await link.count()) > 0) {
      await link.click();
      await page.getByText('Message-ID').waitFor();
      return page.locator('main').innerText();
    }
    await page.waitForTimeout(200);
  }
  throw new Error(`no letter "${subject}" arrived`);
}

test('owner asks for MFA at once, and whoever lacks it sets it up at sign-in', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  assert.equal(await tile(owner), 'Active users\nInfo\n8\n6 have verified MFA factors');
  let codes = [];

  await t.test('person with time left reads the day on each page', async (t) => {
    const page = await openPage(t, demo);
    await signIn(page, demo, WHO, { fresh: true });
    await page.goto('/users');
    await page.getByText('Set up a second factor by').waitFor();
    await look(page, 'mfa-banner');
  });

  await t.test('owner gives nobody any more time', async () => {
    await owner.goto('/policy');
    await owner.getByLabel('Days that people have to set up what is asked of them').fill('0');
    await owner.getByText('More for some roles').click();
    await look(owner, 'mfa-policy');
    await owner.getByRole('button', { name: 'Save policy' }).click();
    await owner.getByText('The policy was changed.').waitFor();
  });

  await t.test('person is sent to set up a factor and gets recovery codes', async (t) => {
    const page = await openPage(t, demo, { acceptDownloads: true });
    await typeIn(page, demo, WHO);
    await page.waitForURL('**/enrol/factor');
    await page.goto('/users');
    assert.equal(new URL(page.url()).pathname, '/enrol/factor', 'nothing else opens');
    await look(page, 'mfa-enrol');
    await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    const secret = (await page.locator('#totp-secret').innerText()).trim();
    await look(page, 'mfa-enrol-secret');
    const before = (await page.context().cookies()).find((cookie) => cookie.name === '__Host-bailiwick').value;
    await page.getByRole('textbox', { name: 'Six digits' }).fill(totp(secret));
    await page.getByRole('button', { name: 'Turn on and go on' }).click();
    await page.waitForURL('**/account/recovery-codes');
    const after = (await page.context().cookies()).find((cookie) => cookie.name === '__Host-bailiwick').value;
    assert.notEqual(after, before, 'what was held back has another id now');
    await page.getByRole('button', { name: 'Make ten codes' }).click();
    codes = (await page.locator('#recovery-codes').innerText()).trim().split(/\s+/);
    assert.equal(codes.length, 10);
    await look(page, 'mfa-recovery-codes');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as a text file' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'bailiwick-recovery-codes.txt');
    assert.equal(await page.locator('.btn[data-busy]').count(), 0, 'the page stays, and its buttons with it');
    const file = readFileSync(await download.path(), 'utf8');
    assert.ok(codes.every((code) => file.includes(code)));
    await page.goto('/account');
    await page.getByText('10 unused codes').waitFor();
    await look(page, 'mfa-account');
  });

  await t.test('the figures of the page have moved', async () => {
    assert.equal(await tile(owner), 'Active users\nInfo\n8\n7 have verified MFA factors');
    const row = (await rows(panel(owner, 'Users and MFA'))).find(([who]) => who.includes('ops@example.com'));
    assert.equal(row[2], 'Verified, required');
  });

  await t.test('person without the device signs in with a recovery code, once', async (t) => {
    const page = await openPage(t, demo, { javaScript: false });
    await givePassword(page);
    await page.getByRole('link', { name: 'Use a recovery code' }).click();
    await page.getByLabel('Recovery code').fill(codes[0].toLowerCase());
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
    await page.goto('/account');
    await page.getByText('9 unused codes').waitFor();
    await page.getByText('Password and recovery code').waitFor();

    const again = await openPage(t, demo, { calm: false });
    await givePassword(again);
    await again.getByRole('link', { name: 'Use a recovery code' }).click();
    await look(again, 'mfa-recovery');
    await again.getByLabel('Recovery code').fill(codes[0]);
    await again.getByRole('button', { name: 'Continue' }).click();
    await again.getByText('This is no recovery code of yours that was not used before.').first().waitFor();
  });

  await t.test('letters, log and events tell of it', async () => {
    assert.match(await letter(owner, /A second factor was added/), /Authenticator app/);
    assert.match(await letter(owner, /A recovery code was used/), /9 codes are left/);
    for (const action of ['recovery_codes.generated', 'recovery_code.used']) {
      await owner.goto(`/audit?action=${action}`);
      assert.equal((await rows(panel(owner, 'Records'))).length, 1, action);
    }
    await owner.goto('/security/events');
    await owner.getByText('Operations Manager signed in with a recovery code').first().waitFor();
  });
});

const idOf = async (page) => (await page.context().cookies()).find((cookie) => cookie.name === '__Host-bailiwick').value;

test('owner asks for passkeys, and whoever lacks one sets it up at sign-in and proves themselves with it', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner', { fresh: true });
  await withDevice(owner);
  await owner.goto('/account');
  await owner.getByLabel('Name of the new passkey').fill('Laptop');
  await owner.getByRole('button', { name: 'Add a passkey' }).click();
  await owner.getByText('The passkey was added.').waitFor();
  await owner.goto('/policy');
  await owner.getByRole('radio', { name: /^A passkey/ }).check();
  await owner.getByLabel('Days that people have to set up what is asked of them').fill('0');
  await owner.getByRole('button', { name: 'Save policy' }).click();
  await owner.getByText('The policy was changed.').waitFor();

  const page = await openPage(t, demo);
  await withDevice(page);
  await typeIn(page, demo, 'auditor');
  await page.waitForURL('**/enrol/factor');
  assert.equal(await page.getByRole('button', { name: 'Set up an authenticator app' }).count(), 0, 'a code is not enough');
  await look(page, 'mfa-enrol-passkey');
  const heldBack = await idOf(page);
  await page.getByLabel('Name of the passkey').fill('Work laptop');
  await page.getByRole('button', { name: 'Set up a passkey' }).click();
  await page.waitForURL('**/account/recovery-codes');
  await page.getByText('The passkey is set up.').waitFor();
  assert.notEqual(await idOf(page), heldBack, 'what was held back has another id now');

  await page.goto('/sign-in/again?next=%2Faccount');
  await page.getByRole('button', { name: 'Use a passkey' }).waitFor();
  assert.equal(await page.getByLabel('Password', { exact: true }).count(), 0, 'nothing less is taken');
  await look(page, 'prove-again-passkey');
  const before = await idOf(page);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.waitForURL('**/account');
  assert.notEqual(await idOf(page), before, 'a proof gives another session');

  // The passkey is enough, so that the authenticator may go.
  await page.goto(await page.locator('a[href^="/account/factors/"][href$="/remove"]').first().getAttribute('href'));
  await look(page, 'mfa-factor-remove');
  await page.getByRole('button', { name: 'Remove authenticator' }).click();
  await page.getByText('The authenticator was removed.').waitFor();
});
