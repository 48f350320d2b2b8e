// Passkeys with the browser's own virtual authenticator: adding, signing in without a name, joining, removing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MATRIX, beyondPanels, openPage, overflows, setTheme, setWidth } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { withDevice } from '../lib/device.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

async function look(page, name) {
  for (const { width, theme } of MATRIX) {
    await setWidth(page, width);
    await setTheme(page, theme);
    assert.equal(await overflows(page), false, `${page.url()} is wider than ${width} px`);
    assert.deepEqual(await beyondPanels(page), [], `${page.url()} has elements beyond their panel at ${width} px`);
    await axeCheck(page);
    await shoot(page, `${name}-${width}-${theme}`);
  }
  await setWidth(page, 1440);
  await setTheme(page, 'light');
}

async function addPasskey(page, name) {
  await page.goto('/account');
  await page.getByLabel('Name of the new passkey').fill(name);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('The passkey was added.').waitFor();
}

/** Signs in on the form with the button, unless the browser has offered the passkey in the address field by itself. */
async function byPasskey(page) {
  await page.goto('/sign-in');
  const button = page.getByRole('button', { name: 'Sign in with a passkey' });
  await button.click({ timeout: 5_000 }).catch(() => {});
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
}

async function signOut(page) {
  await page.goto('/account');
  const csrf = await page.locator('form[action="/sign-out"] input[name="csrf"]').first().inputValue();
  const answer = await page.request.post('/sign-out', { form: { csrf }, headers: { origin: demo.url }, maxRedirects: 0 });
  assert.equal(answer.status(), 303);
}

async function letterTo(page, address, part) {
  for (let tries = 0; tries < 50; tries += 1) {
    await page.goto('/mailbox');
    const row = page.getByRole('row').filter({ hasText: address }).filter({ hasText: part }).first();
    if ((await row.count()) > 0) {
      await row.getByRole('link').click();
      await page.getByText('Message-ID').waitFor();
      return page.locator('.letter a').getAttribute('href');
    }
    await page.waitForTimeout(200);
  }
  throw new Error(`no letter to ${address} with "${part}" arrived`);
}

test('auditor adds two passkeys, signs in without a name, and removes one', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor', { fresh: true });
  const device = await withDevice(page);
  await addPasskey(page, 'Laptop <b>of mine</b>');
  // The first device holds one of this account already, so nobody touches it; another one makes the second.
  await device.present(device.id, false);
  const second = await device.add('usb');
  await addPasskey(page, 'Security key');
  const listed = await rows(panel(page, 'Passkeys'));
  assert.equal(listed.length, 2);
  assert.match(listed[0][0], /^Laptop <b>of mine<\/b>/);
  assert.deepEqual([(await device.credentials(device.id)).length, (await device.credentials(second)).length], [1, 1]);
  await look(page, 'account-passkeys');

  await signOut(page);
  await byPasskey(page);
  await page.goto('/account');
  await panel(page, 'My sessions').getByText(/^Passkey\./).waitFor();

  await page.getByRole('link', { name: 'Rename Security key' }).click();
  await look(page, 'account-passkey');
  await page.getByLabel('Name', { exact: true }).fill('Key on the ring');
  await page.getByRole('button', { name: 'Rename' }).click();
  await page.getByText('The passkey has a new name.').waitFor();
  const remove = page.getByRole('link', { name: 'Remove Key on the ring' });
  await page.goto(await remove.getAttribute('href'));
  await look(page, 'account-passkey-remove');
  await page.goto('/account');
  await remove.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove passkey' }).click();
  await page.getByText('The passkey was removed.').waitFor();
  assert.equal((await rows(panel(page, 'Passkeys'))).length, 1);
  await letterTo(page, demo.signIns.auditor.address, 'was removed from your account');
});

test('invited person joins with a passkey only, and every figure moves with them', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/invitations/new');
  await owner.getByRole('textbox', { name: 'E-mail address' }).fill('pia@example.com');
  await owner.getByRole('radio', { name: /^Auditor/ }).check();
  await owner.getByRole('button', { name: 'Invite' }).click();
  await owner.getByText('The invitation is recorded.').waitFor();

  const guest = await openPage(t, demo);
  const device = await withDevice(guest);
  const link = await letterTo(guest, 'pia@example.com', 'You are invited');
  await guest.goto(link);
  const join = guest.getByRole('button', { name: 'Join with a passkey instead of a password' });
  await join.click();
  assert.equal((await device.credentials(device.id)).length, 0, 'nothing is made without a name');
  await guest.getByLabel('Your name').fill('Pia Passkey');
  await join.click();
  await guest.waitForURL((url) => !url.pathname.startsWith('/join'));
  await guest.goto('/account');
  assert.equal((await rows(panel(guest, 'Passkeys'))).length, 1);
  await panel(guest, 'Password').getByText('None is set.').waitFor();
  await guest.getByRole('link', { name: 'Remove Passkey' }).click();
  await guest.getByRole('dialog').getByRole('button', { name: 'Remove passkey' }).click();
  await guest.getByText('This is your only way to sign in.').waitFor();
  guest.noise.splice(0, guest.noise.length, ...guest.noise.filter((line) => !line.includes('409')));

  await signOut(guest);
  await byPasskey(guest);
  await guest.goto('/account');
  await guest.getByText('Pia Passkey').first().waitFor();

  // Without a password the passkey proves it again, in place.
  await guest.goto('/sign-in/again?next=%2Faccount');
  assert.equal(await guest.getByLabel('Password', { exact: true }).count(), 0);
  await look(guest, 'prove-again-passkey-only');
  const before = (await guest.context().cookies()).find((cookie) => cookie.name === '__Host-bailiwick').value;
  await guest.getByRole('button', { name: 'Use a passkey' }).click();
  await guest.waitForURL('**/account');
  const after = (await guest.context().cookies()).find((cookie) => cookie.name === '__Host-bailiwick').value;
  assert.notEqual(after, before, 'a proof gives another session');

  // A moment after the proof, a first password is theirs to set.
  await panel(guest, 'Password').getByRole('link', { name: 'Set a password' }).click();
  await guest.getByRole('heading', { level: 1, name: 'Set a password' }).waitFor();
  await look(guest, 'first-password');
  for (const field of ['#new', '#again']) await guest.locator(field).fill('seven quiet lanterns');
  await guest.getByRole('button', { name: 'Set password' }).click();
  await guest.getByText('The password is set. Every other session of yours has ended.').waitFor();
  await panel(guest, 'Password').getByRole('link', { name: 'Change password' }).waitFor();

  await owner.goto('/users');
  assert.ok((await rows(panel(owner, 'Users'))).some(([who, , mfa]) => who.includes('Pia Passkey') && mfa === 'Verified, required'));
});

test('person without script or without WebAuthn is told so and signs in the other way', async (t) => {
  const plain = await openPage(t, demo, { javaScript: false });
  await plain.goto('/sign-in');
  await plain.getByText('Passkeys need JavaScript').waitFor();
  assert.equal(await plain.getByRole('button', { name: 'Sign in with a passkey' }).count(), 0);

  const old = await openPage(t, demo);
  await old.addInitScript(() => { delete window.PublicKeyCredential; });
  await old.goto('/sign-in');
  await old.getByText('This browser knows no passkeys').waitFor();
  assert.equal(await old.getByRole('button', { name: 'Sign in with a passkey' }).count(), 0);
  await look(old, 'sign-in-without-passkeys');
});

test('visitor whose device holds no passkey of ours is told so and can try again', async (t) => {
  const page = await openPage(t, demo);
  const device = await withDevice(page);
  await page.goto('/sign-in');
  const button = page.getByRole('button', { name: 'Sign in with a passkey' });
  await button.click();
  await page.getByText('No passkey was chosen, or it took too long. Try again.').waitFor();
  assert.equal(await button.isEnabled(), true);
  await look(page, 'sign-in-no-passkey');
  await device.remove(device.id);
});
