// An owner invites three people: one joins with a passkey only, one with a password and an authenticator, one lets it expire.
// Then a factor is reset with a mailed code. Each step moves the figures of the page, and stands in the log with what was before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { csrfOf } from '../lib/http.mjs';
import { codeFor, digestOf, letterTo } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { START, hundredthsOf, scoreOf, statusOf } from '../lib/posture.mjs';
import { panel, rows, tidy } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';
import { totp } from '../lib/totp.mjs';

const demo = await fileDemo();
const situation = { ...START };

/** How long the third invitation lasts: enough to be seen waiting. */
const SHORT_MS = 30_000;
/** The server looks for what has expired every ten seconds; this only ends a test that hangs. */
const PATIENCE_MS = 90_000;

/** The page shows exactly the figures of the situation: the score and its terms, both tiles, and the checklist. */
async function figures(owner) {
  await owner.goto('/security');
  const posture = panel(owner, 'Security posture');
  const score = scoreOf(situation);
  assert.equal(await posture.getByRole('img').getAttribute('aria-label'), `${score} of 100`);
  assert.equal((await posture.locator('.badge').innerText()).toLowerCase(), statusOf(score));
  const total = (await rows(panel(owner, 'How the score is computed'))).at(-1);
  assert.equal(total[4], String(hundredthsOf(situation) / 100));
  const [users, invitations] = (await owner.locator('a.tile').allInnerTexts()).map(tidy);
  const { active, verified, waiting, highEvents } = situation;
  assert.equal(users, `Active users\nInfo\n${active}\n${verified} have verified MFA factors`);
  assert.equal(invitations, `Pending invites\nWarning\n${waiting}\nFollow up before expiry`);
  const list = tidy(await panel(owner, 'Posture checklist').innerText());
  assert.match(list, new RegExp(`${waiting} invitations are waiting for acceptance`));
  assert.match(list, highEvents === 0 ? /No high severity events are open/ : /1 high severity event/);
}

/** The newest security event is this one, of this severity. */
async function newest(owner, kind, severity) {
  await owner.goto('/security');
  const [found, level, detail] = (await rows(panel(owner, 'Security events')))[0];
  assert.deepEqual([found, level], [kind, severity]);
  assert.notEqual(detail, '');
}

/** Opens the newest record of an action and reads it. */
async function record(owner, action) {
  await owner.goto(`/audit?action=${action}`);
  await panel(owner, 'Records').getByRole('link', { name: action, exact: true }).first().click();
  await owner.getByRole('heading', { level: 1, name: action }).waitFor();
  const found = JSON.parse(await owner.locator('pre[aria-label="JSON"]').textContent());
  assert.equal(found.action, action);
  return found;
}

/**
 * The newest record of an action: what the record holds, and what its page shows side by side, must say that a field went from
 * `before` to `after`. Resolves to the record.
 */
async function recorded(owner, action, field, before, after) {
  const found = await record(owner, action);
  const change = changeOf(found, field);
  assert.deepEqual([change?.before ?? null, change?.after ?? null], [before, after], `${action} ${field}`);
  // What is shown first is in words; the values as they are stored lie folded below.
  await owner.getByText('The changes as they are stored').click();
  const row = owner.locator('.fold .diff-row', { has: owner.locator('.path code', { hasText: field }) }).first();
  for (const [side, value] of [['Before', before], ['After', after]]) {
    const shown = await row.locator(`[data-side="${side}"]`).innerText();
    assert.ok(shown.includes(value ?? 'nothing'), `${action} shows ${shown} and not ${value}`);
  }
  return found;
}

/** The ids of the sessions that the person of a page has open. */
async function sessionsOf(page) {
  const answer = await page.request.get('/v1/me/sessions');
  assert.equal(answer.status(), 200, await answer.text());
  return (await answer.json()).items.map(({ id }) => id);
}

function changeOf(found, field) {
  return found.changes.find(({ path }) => path === `/${field}`);
}

async function invite(owner, address, role) {
  await owner.goto('/invitations/new');
  await owner.getByRole('textbox', { name: 'E-mail address' }).fill(address);
  await owner.getByRole('radio', { name: new RegExp(`^${role}`) }).check();
  await owner.getByRole('button', { name: 'Invite' }).click();
  await owner.getByText('The invitation is recorded.').waitFor();
  situation.waiting += 1;
}

/** Invites until a moment, which programs can say to the second; the form counts in days. */
async function inviteUntil(owner, address, role, expiresAt) {
  await owner.goto('/invitations');
  const answer = await owner.request.post('/v1/invitations', {
    data: { email: address, role, expires_at: expiresAt.toISOString() },
    headers: { origin: demo.url, 'x-csrf-token': await csrfOf(owner) },
  });
  assert.equal(answer.status(), 201, await answer.text());
  situation.waiting += 1;
  return (await answer.json()).id;
}

/** The link in the newest letter of an invitation. */
async function linkOf(page, address) {
  await letterTo(page, address, 'You are invited');
  return page.locator('.letter a').getAttribute('href');
}

async function mfaOf(owner, address) {
  await owner.goto(`/users?q=${encodeURIComponent(address)}`);
  // Below it stands since when, or from when on.
  return (await rows(panel(owner, 'Users')))[0][2].split('\n')[0];
}

/** A device that keeps passkeys and says that its owner touched it. */
async function withDevice(page) {
  const browser = await page.context().newCDPSession(page);
  await browser.send('WebAuthn.enable');
  await browser.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

test('owner invites three people, and each way of answering moves the page and stands in the log', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await figures(owner);

  await t.test('owner invites three people', async () => {
    await invite(owner, 'pia@example.com', 'Auditor');
    await figures(owner);
    await newest(owner, 'user.invited', 'Info');
    const first = await recorded(owner, 'user.invited', 'state', null, 'open');
    assert.deepEqual([first.actor.kind, first.entity.type], ['user', 'invitation']);
    await invite(owner, 'tom@example.com', 'Plan Manager');
    await figures(owner);
    const ends = new Date(Date.now() + SHORT_MS);
    const late = await inviteUntil(owner, 'lara@example.com', 'auditor', ends);
    await figures(owner);
    assert.ok(Date.now() < ends.getTime(), 'the machine is too slow for this test');
    assert.equal((await recorded(owner, 'user.invited', 'state', null, 'open')).entity.id, late);
  });

  await t.test('third person lets it expire', async (t) => {
    const noted = await expired(owner);
    situation.waiting -= 1;
    await figures(owner);
    await newest(owner, 'invitation.expired', 'Info');
    assert.equal(noted.actor.kind, 'system');
    await owner.goto('/invitations?status=expired');
    assert.ok((await rows(panel(owner, 'Invitations'))).some(([address]) => address === 'lara@example.com'));
    const guest = await openPage(t, demo, { calm: false });
    assert.equal((await guest.goto(await linkOf(guest, 'lara@example.com'))).status(), 409);
    await guest.getByText('does not work any more').first().waitFor();
  });

  await t.test('first person joins with a passkey only', async (t) => {
    const guest = await openPage(t, demo);
    await withDevice(guest);
    await guest.goto(await linkOf(guest, 'pia@example.com'));
    await guest.getByLabel('Your name').fill('Pia Passkey');
    await guest.getByRole('button', { name: 'Join with a passkey instead of a password' }).click();
    await guest.waitForURL((url) => !url.pathname.startsWith('/join'));
    await guest.goto('/account');
    await panel(guest, 'Password').getByText('None is set.').waitFor();
    situation.waiting -= 1;
    situation.active += 1;
    situation.verified += 1;
    await figures(owner);
    assert.equal(await mfaOf(owner, 'pia@example.com'), 'Verified, required');
    await recorded(owner, 'invitation.accepted', 'state', 'open', 'accepted');
    await recorded(owner, 'user.created', 'status', null, 'active');
    const factor = await recorded(owner, 'mfa.enabled', 'state', null, 'verified');
    assert.equal(changeOf(factor, 'kind').after, 'passkey');
  });

  const guest = await openPage(t, demo);
  await t.test('second person joins with a password, and their second factor is missing', async () => {
    await guest.goto(await linkOf(guest, 'tom@example.com'));
    await guest.getByLabel('Your name').fill('Tom Totp');
    await guest.getByLabel('Password', { exact: true }).fill('seven quiet lanterns');
    await guest.getByLabel('Password again').fill('seven quiet lanterns');
    await guest.getByRole('button', { name: 'Accept and sign in' }).click();
    await guest.waitForURL((url) => !url.pathname.startsWith('/join'));
    situation.waiting -= 1;
    situation.active += 1;
    await figures(owner);
    await newest(owner, 'invitation.accepted', 'Info');
    assert.equal(await mfaOf(owner, 'tom@example.com'), 'Missing');
    await recorded(owner, 'invitation.accepted', 'state', 'open', 'accepted');
    const set = changeOf(await record(owner, 'password.set'), 'hash');
    assert.deepEqual([set.before ?? null, set.after], [null, { redacted: true }], 'no hash stands in the log');
  });

  await t.test('second person proves an authenticator app', async () => {
    await guest.goto('/account');
    await guest.getByRole('button', { name: 'Add an authenticator app' }).click();
    const secret = (await guest.locator('#totp-secret').innerText()).trim();
    await guest.getByRole('textbox', { name: 'Six digits' }).fill(totp(secret));
    await guest.getByRole('button', { name: 'Turn on' }).click();
    await guest.getByText('The authenticator is verified.').waitFor();
    situation.verified += 1;
    await figures(owner);
    await newest(owner, 'mfa.enabled', 'Info');
    assert.equal(await mfaOf(owner, 'tom@example.com'), 'Verified, required');
    await recorded(owner, 'mfa.enabled', 'state', 'pending', 'verified');
  });

  await t.test('owner resets the lost authenticator with the mailed code', async (t) => {
    await owner.goto('/users?q=tom%40example.com');
    await owner.getByRole('link', { name: 'Tom Totp', exact: true }).click();
    await owner.getByRole('link', { name: 'Reset second factors' }).click();
    await owner.getByRole('dialog').getByRole('button', { name: 'Reset second factors' }).click();
    const digest = await digestOf(owner);
    const reader = await openPage(t, demo);
    const aside = await owner.context().newPage();
    await figures(aside);
    const asked = await recorded(aside, 'step_up.asked', 'action', null, 'factor_reset');
    const whole = changeOf(asked, 'digest').after;
    assert.ok(whole.startsWith(digest.replaceAll(/[^0-9a-f]/g, '')), 'the code is for the change that the page names');
    const open = await sessionsOf(guest);
    assert.notDeepEqual(open, [], 'they are signed in until then');
    await aside.close();
    await owner.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', digest));
    await owner.getByRole('button', { name: 'Reset second factors' }).click();
    await owner.getByText('The second factors are removed.').waitFor();
    situation.verified -= 1;
    situation.highEvents += 1;
    await figures(owner);
    await newest(owner, 'mfa.reset', 'High');
    assert.equal(await mfaOf(owner, 'tom@example.com'), 'Missing');
    await recorded(owner, 'mfa.reset', 'state', 'verified', 'removed');
    const answered = await record(owner, 'step_up.approved');
    assert.equal(answered.entity.id, asked.entity.id, 'what was asked for was answered');
    const used = changeOf(answered, 'used_at');
    assert.deepEqual([used.before ?? null, typeof used.after], [null, 'string'], 'the code is used up');
    const ended = await record(owner, 'session.ended');
    assert.ok(open.includes(ended.entity.id), 'it is a session of the person whose factor was reset');
    assert.equal(ended.reason, 'the second factors were removed');
    const end = changeOf(ended, 'ended_at');
    assert.deepEqual([end.before ?? null, typeof end.after], [null, 'string']);
    assert.equal((await guest.goto('/account')).url().includes('/sign-in'), true, 'every session of theirs has ended');
    await letterTo(reader, 'tom@example.com', 'Your second factors at');
    await owner.goto('/security');
    await lookAround(owner, 'security-after-three-people');
  });
});

/** Waits until the server has noted that an invitation was not answered in time, and reads the record. */
async function expired(owner) {
  const began = Date.now();
  for (;;) {
    await owner.goto('/audit?action=invitation.expired');
    if ((await panel(owner, 'Records').getByRole('link', { name: 'invitation.expired', exact: true }).count()) > 0) break;
    assert.ok(Date.now() - began < PATIENCE_MS, 'nobody noted the end of the invitation');
    await owner.waitForTimeout(500);
  }
  return recorded(owner, 'invitation.expired', 'state', 'open', 'expired');
}
