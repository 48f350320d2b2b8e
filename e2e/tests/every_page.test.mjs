// Every page of the navigation: it opens, is calm, fits, and axe-core finds nothing.
//
// Each page is looked at in each theme at each width when it first comes up; the same page of another person, who sees
// the same template with fewer controls, in both themes at the two ends.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MATRIX, beyondPanels, openPage, overflows, setTheme, setWidth } from '../lib/browser.mjs';
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
    ['/audit?action=user.role_changed', 'td[data-label="On"] a'],
    ['/api-keys', 'td.act a'],
    ['/audit?to=1990-01-01'],
    ['/find?q=plan'],
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

/** Two looks that show both themes and both ends of the widths. */
const ENDS = [MATRIX[0], MATRIX.at(-1)];
const seen = new Set();

/** Looks at the open page, completely if `what` comes up for the first time. */
async function look(page, what, name) {
  const looks = seen.has(what) ? ENDS : MATRIX;
  seen.add(what);
  for (const { width, theme } of looks) {
    await setWidth(page, width);
    await setTheme(page, theme);
    assert.equal(await overflows(page), false, `${page.url()} is wider than ${width} px`);
    assert.deepEqual(await beyondPanels(page), [], `${page.url()} has elements beyond their panel at ${width} px`);
    await axeCheck(page);
    await shoot(page, `${name}-${width}-${theme}`);
  }
}

// Side by side: a look is the browser's work, and each person has a window of their own.
describe('people look at every page', { concurrency: true }, () => {
  for (const who of Object.keys(OFFERED)) {
    test(`${who} is offered what they need and no page breaks`, async (t) => {
      const page = await openPage(t, demo);
      await signIn(page, demo, who);
      const offered = await navigation(page);
      for (const address of OFFERED[who]) assert.ok(offered.includes(address), `${address} is not offered`);
      for (const [address, link] of [...offered.map((one) => [one]), ...(FURTHER[who] ?? [])]) {
        const what = `${address}${link ? ` and follows ${link}` : ''}`;
        await t.test(`${who} opens ${what}`, async () => {
          await open(page, address, link);
          assert.match(await page.title(), /^\S.* · .* · Bailiwick$/);
          assert.equal(await page.locator('h1').count(), 1, 'one heading names the page');
          await look(page, what, `${who}${what}`.replace(/[^a-z]+/g, '-'));
          assert.deepEqual(page.noise, []);
        });
      }
    });
  }
});

test('visitor opens the sign-in page and a page that does not exist', async (t) => {
  const page = await openPage(t, demo);
  assert.equal((await page.goto('/sign-in')).status(), 200);
  await look(page, 'sign-in', 'visitor-sign-in');
  assert.equal((await page.goto('/no-such-page')).status(), 404);
  await look(page, 'not-found', 'visitor-not-found');
});
