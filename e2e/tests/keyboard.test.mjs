// Everything can be reached and seen without a mouse.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { signIn } from '../lib/session.mjs';

const demo = sharedDemo();

async function openAsOwner(t, options) {
  const page = await openPage(t, demo, options);
  await signIn(page, demo, 'owner');
  return page;
}

/** What holds the focus: its name and place, and whether it can be told from what does not. */
function focused(page) {
  return page.evaluate(() => {
    const it = document.activeElement;
    const box = it.getBoundingClientRect();
    const outlined = ({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
    // The link of a row stands for the whole row.
    const ring = [it, it.closest('tr')].some((one) => one && outlined(getComputedStyle(one)));
    const within = it.closest('dialog')?.id ?? null;
    return { text: it.textContent.trim(), id: it.id, tag: it.localName, ring, top: box.top, width: box.width, within };
  });
}

test('newcomer signs in without a mouse', async (t) => {
  const page = await openPage(t, demo);
  await page.goto('/sign-in');
  const { address, password } = demo.signIns['operations manager'];
  await page.locator('#address').focus();
  await page.keyboard.type(address);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/security');
});

test('owner skips the navigation', async (t) => {
  const page = await openAsOwner(t);
  await page.keyboard.press('Tab');
  const skip = await focused(page);
  assert.equal(skip.text, 'Skip to the page');
  assert.ok(skip.ring && skip.top >= 0, 'it shows itself');
  await page.keyboard.press('Enter');
  assert.equal((await focused(page)).id, 'main');
  await page.keyboard.press('Tab');
  assert.equal((await focused(page)).text, 'Fix next gap', 'the next stop lies in the page');
});

test('owner sees the focus at every stop', async (t) => {
  const page = await openAsOwner(t);
  const stops = new Set();
  for (let at = 0; at < 60; at += 1) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (stop.tag === 'body') break;
    assert.ok(stop.ring && stop.width > 0, `the focus is not visible on ${stop.tag} "${stop.text}"`);
    stops.add(stop.text);
  }
  for (const text of ['Security controls', 'Audit log', 'Fix next gap', 'How this is computed']) {
    assert.ok(stops.has(text), `${text} is not reached`);
  }
});

test('owner goes anywhere with Ctrl K', async (t) => {
  const page = await openAsOwner(t);
  const palette = page.getByRole('dialog', { name: 'Find anything' });
  await page.keyboard.press('Control+k');
  await palette.waitFor();
  assert.equal((await focused(page)).within, 'palette');
  await palette.getByRole('option', { name: /^Users/ }).waitFor();
  await axeCheck(page);
  await shoot(page, 'palette');
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'hidden' });
  await page.keyboard.press('Control+k');
  await palette.getByRole('option', { name: /^Users/ }).waitFor();
  await page.keyboard.type('audit log');
  assert.equal(await palette.getByRole('option', { selected: true }).count(), 1);
  assert.match(await palette.getByRole('option', { selected: true }).innerText(), /^Audit log/);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/audit');
});

test('owner finds a person by name', async (t) => {
  const page = await openAsOwner(t);
  const answer = await page.goto('/find?q=plan');
  assert.equal(answer.status(), 200);
  await page.getByRole('main').getByRole('link', { name: 'Plan Manager' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Plan Manager' }).waitFor();
});

test('owner asked for confirmation stays in the dialog until it is closed', async (t) => {
  const page = await openAsOwner(t);
  await page.goto('/api-keys');
  const link = page.getByRole('link', { name: 'Revoke Document sync' });
  await link.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Confirm' });
  await dialog.waitFor();
  for (let at = 0; at < 8; at += 1) {
    const stop = await focused(page);
    assert.ok(stop.within === 'confirm-dialog' || stop.tag === 'body', `the focus is on ${stop.tag} "${stop.text}"`);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.match((await focused(page)).text, /^Revoke/, 'the focus is back where it was');
  assert.equal(new URL(page.url()).pathname, '/api-keys');
});

test('owner on a phone opens the menu and closes it', async (t) => {
  const page = await openAsOwner(t, { width: 375 });
  const navigation = page.getByRole('navigation', { name: 'Main' });
  await navigation.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Open the menu' }).click();
  await navigation.waitFor();
  await axeCheck(page);
  await shoot(page, 'phone-menu');
  await page.keyboard.press('Escape');
  await navigation.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Open the menu' }).click();
  await navigation.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
});
