// A forgotten password replaced by its letter, and a present one changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MATRIX, openPage, overflows, setTheme, setWidth } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { cookiesOf, send } from '../lib/http.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { codeOf, signIn, typeIn } from '../lib/session.mjs';

const demo = await fileDemo();
const NEW = 'seven quiet lanterns';

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

/** Opens the newest letter with this subject, which arrives within a second or so, and gives its link. */
async function letter(page, subject) {
  for (let tries = 0; tries < 50; tries += 1) {
    await page.goto('/mailbox');
    const row = page.getByRole('row').filter({ hasText: subject }).first();
    if ((await row.count()) > 0) {
      await row.getByRole('link').click();
      await page.getByText('Message-ID').waitFor();
      return page.locator('.letter a').getAttribute('href');
    }
    await page.waitForTimeout(200);
  }
  throw new Error(`no letter "${subject}" arrived`);
}

/** The answer to a form that needs a second look is 422, which the browser notes. */
function expectRefusals(page) {
  page.noise.splice(0, page.noise.length, ...page.noise.filter((line) => !line.includes('422')));
}

async function choose(page, fields, button) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole('button', { name: button, exact: true }).click();
}

test('auditor who forgot their password comes back by a letter, with their code', async (t) => {
  const { address } = demo.signIns.auditor;
  const before = await openPage(t, demo);
  await typeIn(before, demo, 'auditor');
  const page = await openPage(t, demo);
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByRole('heading', { level: 1, name: 'Forgot your password?' }).waitFor();
  await look(page, 'reset-ask');
  const answers = [];
  for (const asked of ['nobody@example.com', address]) {
    await page.goto('/reset');
    await choose(page, { Address: asked }, 'Send the link');
    await page.getByRole('heading', { level: 1, name: 'Look into your mailbox' }).waitFor();
    answers.push(await page.locator('main').innerText());
  }
  assert.equal(answers[0], answers[1], 'nobody learns who has an account');
  await look(page, 'reset-asked');

  const link = await letter(page, 'Set a new password for Example Care');
  await page.goto(link);
  await page.getByRole('heading', { level: 1, name: 'Set a new password' }).waitFor();
  await choose(page, { 'New password': 'password1234', 'New password again': 'password1234' }, 'Set the password');
  await page.getByText('known from leaks').first().waitFor();
  await choose(page, { 'New password': 'auditauditaudit', 'New password again': 'auditauditaudit' }, 'Set the password');
  await page.getByText('too easy to guess').first().waitFor();
  expectRefusals(page);
  await look(page, 'reset-refused');
  await choose(page, { 'New password': NEW, 'New password again': NEW }, 'Set the password');
  await page.getByRole('heading', { level: 1, name: 'Enter your code' }).waitFor();
  assert.equal((await send(demo, '/security', { cookie: await cookiesOf(page) })).status, 303, 'the link alone opens nothing');
  await choose(page, { 'Six digits': await codeOf(demo, 'auditor') }, 'Continue');
  await page.waitForURL((url) => url.pathname === '/security');

  assert.equal((await send(demo, '/security', { cookie: await cookiesOf(before) })).status, 303, 'the session from before has ended');
  await letter(page, 'Your password for Example Care was changed');
  await page.getByText('by a link from this mailbox').first().waitFor();
  await page.goto('/audit?action=password.reset');
  assert.equal((await rows(panel(page, 'Records'))).length, 1);

  const late = await openPage(t, demo, { calm: false });
  assert.equal((await late.goto(link)).status(), 409);
  await late.getByText('This link does not work any more.').first().waitFor();
  await look(late, 'reset-dead');
});

test('operations manager changes their password, and every other session of theirs ends', async (t) => {
  const person = demo.signIns['operations manager'];
  const page = await openPage(t, demo);
  await signIn(page, demo, 'operations manager', { fresh: true });
  const elsewhere = await openPage(t, demo);
  await typeIn(elsewhere, demo, 'operations manager');
  const stolen = await cookiesOf(page);

  await page.goto('/account');
  await page.getByRole('link', { name: 'Change password' }).click();
  await look(page, 'account-password');
  const fields = (current, next, again = next) => ({ 'Present password': current, 'New password': next, 'New password again': again });
  await choose(page, fields('not my password', NEW), 'Change password');
  await page.getByText('This is not your present password.').first().waitFor();
  await choose(page, fields(person.password, person.password), 'Change password');
  await page.getByText('This is the password that you have now.').first().waitFor();
  await choose(page, fields(person.password, NEW, 'seven quiet lantern'), 'Change password');
  await page.getByText('This is not the same password.').first().waitFor();
  expectRefusals(page);
  await look(page, 'account-password-refused');
  await choose(page, fields(person.password, NEW), 'Change password');
  await page.getByText('The password was changed. Every other session of yours has ended.').waitFor();
  await panel(page, 'Password').waitFor();

  for (const [cookie, whose] of [[stolen, 'the token before'], [await cookiesOf(elsewhere), 'another session']]) {
    assert.equal((await send(demo, '/account', { cookie })).status, 303, `${whose} is worth nothing`);
  }
  await letter(page, 'Your password for Example Care was changed');
  const again = await openPage(t, demo);
  demo.signIns['operations manager'] = { ...person, password: NEW };
  await typeIn(again, demo, 'operations manager', '/account');
  await again.getByRole('heading', { level: 1, name: 'Profile and sign-in' }).waitFor();
});

test('owner without JavaScript asks for a link and changes a password', async (t) => {
  const page = await openPage(t, demo, { javaScript: false });
  await page.goto('/reset');
  await choose(page, { Address: 'someone@example.com' }, 'Send the link');
  await page.getByRole('heading', { level: 1, name: 'Look into your mailbox' }).waitFor();
  const { password } = demo.signIns.owner;
  await signIn(page, demo, 'owner', { fresh: true });
  await page.goto('/account/password');
  await choose(page, { 'Present password': password, 'New password': NEW, 'New password again': NEW }, 'Change password');
  await page.getByText('The password was changed.').waitFor();
});
