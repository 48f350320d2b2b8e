// Every page of the navigation: it opens, is calm, fits, and axe-core finds nothing, at each width in each theme.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { THEMES, WIDTHS, openPage, overflows, setTheme, setWidth } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';
import { axeCheck, shoot } from '../lib/look.mjs';
import { navigation } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = sharedDemo();

/** Pages that are not in the navigation, by who looks at them: an address, or a link to follow from one. */
const FURTHER = {
  owner: [
    ['/invitations/new'],
    ['/api-keys/new'],
    ['/account'],
    ['/users', 'td a'],
    ['/audit?action=user.role_changed', 'td a.into'],
    ['/audit?action=user.role_changed', 'td[data-label="Entity"] a'],
    ['/api-keys', 'td.act a'],
    ['/audit?actor=nobody-of-that-name'],
  ],
  auditor: [['/users', 'td a']],
  'platform operator': [['/platform/tenants/new']],
};

/** What a role must at least be offered; the rest is found on the page. */
const OFFERED = {
  owner: ['/security', '/security/events', '/policy', '/users', '/invitations', '/roles', '/api-keys', '/access', '/audit', '/audit/verify'],
  auditor: ['/security', '/users', '/audit', '/audit/verify'],
  'platform operator': ['/platform/tenants', '/users', '/audit'],
};

async function open(page, address, link) {
  let answer = await page.goto(address);
  if (link) {
    const target = await page.locator(link).first().getAttribute('href');
    answer = await page.goto(target);
  }
  assert.equal(answer.status(), 200, page.url());
  return answer;
}

/** Looks at the open page at each width in each theme. */
async function look(page, name) {
  for (const width of WIDTHS) {
    await setWidth(page, width);
    for (const theme of THEMES) {
      await setTheme(page, theme);
      assert.equal(await overflows(page), false, `${page.url()} is wider than ${width} px`);
      await axeCheck(page);
      await shoot(page, `${name}-${width}-${theme}`);
    }
  }
}

for (const who of Object.keys(OFFERED)) {
  test(`${who} opens every page of the navigation, in both themes, on a desk and on a phone`, async (t) => {
    const page = await openPage(t, demo);
    await signIn(page, demo, who);
    const offered = await navigation(page);
    for (const address of OFFERED[who]) assert.ok(offered.includes(address), `${address} is not offered`);
    for (const [address, link] of [...offered.map((one) => [one]), ...(FURTHER[who] ?? [])]) {
      const name = `${who}${address}${link ? '-link' : ''}`.replace(/[^a-z]+/g, '-');
      await t.test(`${who} opens ${address}${link ? ` and follows ${link}` : ''}`, async () => {
        await open(page, address, link);
        assert.match(await page.title(), /^[A-Z].* · .* · Bailiwick$/);
        assert.equal(await page.locator('h1').count(), 1, 'one heading names the page');
        await look(page, name);
        assert.deepEqual(page.noise, []);
      });
    }
  });
}

test('visitor opens the sign-in page and a page that does not exist', async (t) => {
  const page = await openPage(t, demo);
  assert.equal((await page.goto('/sign-in')).status(), 200);
  await look(page, 'visitor-sign-in');
  assert.equal((await page.goto('/no-such-page')).status(), 404);
  await look(page, 'visitor-not-found');
});
