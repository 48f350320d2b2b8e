// An invitation from the owner's form to the new person's first page, by way of the letter.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { lookAround as look } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

/** Follows a link that asks before it does something, and says yes. */
async function confirmed(owner, link, button) {
  await link.click();
  await owner.getByRole('dialog').getByRole('button', { name: button, exact: true }).click();
}

async function invite(owner, address, role) {
  await owner.goto('/invitations/new');
  await owner.getByRole('textbox', { name: 'E-mail address' }).fill(address);
  await owner.getByRole('radio', { name: new RegExp(`^${role}`) }).check();
  await owner.getByRole('button', { name: 'Invite' }).click();
  await owner.getByText('The invitation is recorded.').waitFor();
}

/** Opens the newest letter to an address, which arrives within a second or so, and gives its link. */
async function letterTo(page, address) {
  for (let tries = 0; tries < 50; tries += 1) {
    await page.goto('/mailbox');
    const row = page.getByRole('row').filter({ hasText: address }).first();
    if ((await row.count()) > 0) {
      await row.getByRole('link').click();
      await page.getByText('Message-ID').waitFor();
      return page.locator('.letter a').getAttribute('href');
    }
    await page.waitForTimeout(200);
  }
  throw new Error(`no letter to ${address} arrived`);
}

test('owner invites somebody, who joins by the mailed link, and everybody sees it', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await invite(owner, 'nina@example.com', 'Auditor');
  assert.doesNotMatch(await owner.content(), /\/join\//, 'whoever invites never sees the link');
  await look(owner, 'invitations-list');

  const guest = await openPage(t, demo);
  const link = await letterTo(guest, 'nina@example.com');
  await look(guest, 'mailbox-letter');
  await guest.goto(link);
  await guest.getByRole('heading', { level: 1, name: 'Join Example Care' }).waitFor();
  await look(guest, 'join');
  await guest.getByLabel('Your name').fill('Nina New');
  await guest.getByLabel('Password', { exact: true }).fill('a password of my own');
  await guest.getByLabel('Password again').fill('a password of my own');
  await guest.getByRole('button', { name: 'Accept and sign in' }).click();
  await guest.waitForURL((url) => !url.pathname.startsWith('/join'));
  await guest.goto('/account');
  await guest.getByText('Nina New').first().waitFor();

  await owner.goto('/users');
  assert.ok((await rows(panel(owner, 'Users'))).some(([who, role]) => who.includes('Nina New') && role === 'Auditor'));
  await owner.goto('/audit?action=invitation.accepted');
  assert.equal((await rows(panel(owner, 'Records'))).length, 1);
  await owner.goto('/mail');
  assert.ok((await rows(panel(owner, 'Letters'))).some(([to, , state]) => to === 'nina@example.com' && state.startsWith('Sent')));
  assert.doesNotMatch(await owner.content(), /\/join\//);
  await look(owner, 'mail');

  const late = await openPage(t, demo, { calm: false });
  assert.equal((await late.goto(link)).status(), 409);
  await late.getByText('does not work any more').first().waitFor();
});

test('owner sends an invitation again, and the person declines by the newer link', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await invite(owner, 'otto@example.com', 'Developer');
  const guest = await openPage(t, demo, { calm: false });
  const first = await letterTo(guest, 'otto@example.com');
  await owner.goto('/invitations');
  await confirmed(owner, owner.getByRole('link', { name: 'Resend to otto@example.com' }), 'Send again');
  await owner.getByText('The invitation is sent again.').waitFor();
  let second = first;
  for (let tries = 0; second === first && tries < 50; tries += 1) second = await letterTo(guest, 'otto@example.com');
  assert.equal((await guest.goto(first)).status(), 409);
  await guest.goto(second);
  await guest.getByRole('link', { name: 'Decline the invitation' }).click();
  await guest.getByRole('heading', { name: 'Decline the invitation?' }).waitFor();
  await look(guest, 'decline');
  await guest.getByRole('button', { name: 'Decline' }).click();
  await guest.getByRole('heading', { name: 'You declined' }).waitFor();
  await look(guest, 'declined');
  await owner.goto('/invitations?status=declined');
  assert.ok((await rows(panel(owner, 'Invitations'))).some(([address]) => address === 'otto@example.com'));
});

test('owner pastes many addresses and reads what became of each', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/invitations/many');
  await look(owner, 'invite-many');
  await owner.getByRole('textbox', { name: 'E-mail addresses' }).fill('a@example.com\nnonsense\nb@example.com, Developer');
  await owner.getByRole('radio', { name: /^Auditor/ }).check();
  await owner.getByRole('button', { name: 'Invite all' }).click();
  await owner.getByText('2 invitations sent, 1 row left').waitFor();
  assert.equal(await owner.getByRole('textbox', { name: 'E-mail addresses' }).inputValue(), 'nonsense');
  // The answer to a form that needs a second look is 422, which the browser notes.
  owner.noise.splice(0, owner.noise.length, ...owner.noise.filter((line) => !line.includes('422')));
  await look(owner, 'invite-many-answered');
});
