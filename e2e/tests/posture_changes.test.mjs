// One change in the product changes the score and the tiles at once, by the published formula.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { START, hundredthsOf, scoreOf, statusOf } from '../lib/posture.mjs';
import { panel, rows, tidy } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';
import { totp } from '../lib/totp.mjs';

const demo = await fileDemo();
const situation = { ...START };

/** The score that the page shows must be the one of the situation; answers with the tiles. */
async function tilesOf(page) {
  await page.goto('/security');
  const posture = panel(page, 'Security posture');
  const score = scoreOf(situation);
  assert.equal(await posture.getByRole('img').getAttribute('aria-label'), `${score} of 100`);
  assert.equal((await posture.locator('.badge').innerText()).toLowerCase(), statusOf(score));
  const total = (await rows(panel(page, 'How the score is computed'))).at(-1);
  assert.equal(total[4], String(hundredthsOf(situation) / 100));
  return (await page.locator('a.tile').allInnerTexts()).map(tidy);
}

async function confirmed(page, link, button) {
  await link.click();
  await page.getByRole('dialog').getByRole('button', { name: button, exact: true }).click();
}

test('owner closes the gaps one by one and the page follows', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  const before = scoreOf(situation);
  await tilesOf(owner);

  await t.test('owner revokes the key that ends soon', async () => {
    await owner.goto('/api-keys');
    await confirmed(owner, owner.getByRole('link', { name: 'Revoke Reporting integration' }), 'Revoke key');
    await owner.getByText('The key is revoked. Requests with it are refused from now on.').waitFor();
    assert.ok(!(await rows(panel(owner, 'API keys'))).some(([key]) => key.includes('Reporting integration')));
    situation.keys -= 1;
    situation.rotating -= 1;
    const [, , keys] = await tilesOf(owner);
    assert.equal(keys, 'API keys\nClear\n2\n0 keys expire within 30 days');
    assert.equal(scoreOf(situation) - before, 10);
  });

  await t.test('owner revokes one of two invitations, which earns nothing yet', async () => {
    await owner.goto('/invitations');
    const link = owner.getByRole('link', { name: 'Revoke for auditor@example.com' });
    await confirmed(owner, link, 'Revoke invitation');
    await owner.getByText('The invitation was taken back. Its link no longer works.').waitFor();
    situation.waiting -= 1;
    const [, invitations] = await tilesOf(owner);
    assert.equal(invitations, 'Pending invites\nWarning\n1\nFollow up before expiry');
    assert.equal(scoreOf(situation) - before, 10);
  });

  await t.test('owner revokes the other invitation', async () => {
    await owner.goto('/invitations');
    const link = owner.getByRole('link', { name: 'Revoke for coordinator@example.com' });
    await confirmed(owner, link, 'Revoke invitation');
    await owner.getByText('The invitation was taken back. Its link no longer works.').waitFor();
    situation.waiting -= 1;
    const [, invitations] = await tilesOf(owner);
    assert.equal(invitations, 'Pending invites\nClear\n0\nNobody is waited for');
    assert.equal(scoreOf(situation) - before, 17);
    await panel(owner, 'Invitations').getByText('No invitation is waiting').waitFor();
  });

  await t.test('operations manager enrols an authenticator app', async (t) => {
    const page = await openPage(t, demo);
    await signIn(page, demo, 'operations manager');
    await page.goto('/account');
    await page.getByRole('button', { name: 'Add an authenticator app' }).click();
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    const secret = (await page.locator('#totp-secret').innerText()).trim();
    await axeCheck(page);
    await shoot(page, 'account-enrolment');
    await page.getByRole('textbox', { name: 'Six digits' }).fill(totp(secret));
    await page.getByRole('button', { name: 'Turn on' }).click();
    await page.getByText('The authenticator is verified.').waitFor();
    assert.ok(!(await page.content()).includes(secret), 'the secret is shown once only');
    await shoot(page, 'account-enrolled');
    situation.verified += 1;
    const [users] = await tilesOf(owner);
    assert.equal(users, 'Active users\nInfo\n8\n7 have verified MFA factors');
    assert.equal(scoreOf(situation), Math.round(before + 17 + 5.5));
    const row = (await rows(panel(owner, 'Users and MFA'))).find(([who]) => who.includes('ops@example.com'));
    assert.notEqual(row[2], 'Missing');
  });

  await t.test('owner has nothing left to do in the checklist', async () => {
    const items = (await panel(owner, 'Posture checklist').locator('li').allInnerTexts()).map(tidy);
    assert.equal(items.length, 4);
    assert.ok(items.every((text) => text.startsWith('Done:')), items.join('\n'));
    await shoot(owner, 'security-after');
  });
});
