// What a person may not do is not shown to them, and is refused when they send it anyway.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';
import { cookiesOf, csrfOf, send } from '../lib/http.mjs';
import { navigation } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = sharedDemo();

/** What every answer carries, whatever it is an answer to. */
const HEADERS = {
  'content-security-policy': /^default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'/,
  'x-frame-options': /^(DENY|SAMEORIGIN)$/,
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^(same-origin|no-referrer)$/,
  'permissions-policy': /camera=\(self\).*display-capture=\(\).*geolocation=\(\).*microphone=\(self\)/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'x-request-id': /^[0-9a-f-]{36}$/,
};

async function openAs(t, who, path) {
  const page = await openPage(t, demo);
  await signIn(page, demo, who);
  if (path) await page.goto(path);
  return page;
}

/** The same request as the page's own forms send, from outside the browser. */
async function post(page, path, form = {}) {
  const [cookie, csrf] = [await cookiesOf(page), await csrfOf(page)];
  return send(demo, path, { method: 'POST', cookie, form: { csrf, ...form } });
}

/** The address of a user's page, found as the owner. */
async function pathOf(t, address) {
  const page = await openAs(t, 'owner', `/users?q=${encodeURIComponent(address)}`);
  return page.locator('td a').first().getAttribute('href');
}

test('operations manager sees only the controls that they may use', async (t) => {
  const page = await openAs(t, 'operations manager');
  const offered = await navigation(page);
  assert.ok(!offered.includes('/audit') && !offered.includes('/access'), offered.join(' '));
  for (const path of offered) assert.equal((await page.goto(path)).status(), 200, path);

  await page.goto('/api-keys');
  assert.equal(await page.getByRole('link', { name: 'Create key' }).count(), 0);
  assert.equal(await page.getByRole('link', { name: /^Revoke / }).count(), 0);
  await page.goto('/policy');
  assert.equal(await page.getByRole('button', { name: 'Save policy' }).count(), 0);
  await page.goto(await pathOf(t, 'owner@example.com'));
  for (const name of ['Change role', 'Save permissions']) assert.equal(await page.getByRole('button', { name }).count(), 0, name);
  assert.equal(await page.getByRole('link', { name: 'Disable' }).count(), 0);
});

test('operations manager follows no link on the security page to a refusal', async (t) => {
  const page = await openAs(t, 'operations manager', '/security');
  const links = await page.locator('main a[href^="/"]').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  for (const link of new Set(links)) {
    const answer = await send(demo, link, { cookie: await cookiesOf(page) });
    assert.equal(answer.status, 200, link);
  }
});

test('operations manager who sends the forms of others is refused', async (t) => {
  const page = await openAs(t, 'operations manager', '/security');
  const owner = await pathOf(t, 'owner@example.com');
  const key = { name: 'Mine', tag: 'abc', lifetime: '90', scope: 'user:read' };
  for (const [path, form] of [
    [`${owner}/role`, { role: 'auditor' }],
    [`${owner}/disable`, {}],
    ['/api-keys', key],
    ['/policy', { mfa_floor: 'none', mfa_grace_days: '14', session_idle_minutes: '30', session_absolute_hours: '8', reauth_minutes: '10', invitation_days: '7' }],
    ['/platform/tenants', { name: 'X', slug: 'x-x', region: 'local', owner: 'x@example.com', owner_name: 'X' }],
  ]) {
    assert.equal((await post(page, path, form)).status, 403, path);
  }
  const cookie = await cookiesOf(page);
  for (const path of ['/audit', '/api-keys/new', '/platform/tenants']) {
    assert.equal((await send(demo, path, { cookie })).status, 403, path);
  }
});

test('auditor who sends a form is refused', async (t) => {
  const page = await openAs(t, 'auditor', '/security');
  const plan = await pathOf(t, 'plan@example.com');
  for (const [path, form] of [
    [`${plan}/role`, { role: 'auditor' }],
    [`${plan}/disable`, {}],
    ['/invitations', { address: 'x@example.com', role: 'auditor', lifetime: '7' }],
  ]) {
    assert.equal((await post(page, path, form)).status, 403, path);
  }
});

test('platform operator does not reach into a tenant', async (t) => {
  const page = await openAs(t, 'platform operator', '/platform/tenants');
  const owner = await pathOf(t, 'owner@example.com');
  assert.equal((await send(demo, owner, { cookie: await cookiesOf(page) })).status, 404);
  const refused = await post(page, `${owner}/role`, { role: 'auditor' });
  assert.ok([403, 404].includes(refused.status), String(refused.status));
});

test('a form with a wrong, missing or foreign token is refused', async (t) => {
  const page = await openAs(t, 'owner', '/invitations/new');
  const cookie = await cookiesOf(page);
  const own = await csrfOf(page);
  const foreign = await csrfOf(await openAs(t, 'auditor', '/security'));
  const form = { address: 'x@example.com', role: 'auditor', lifetime: '7' };
  for (const csrf of ['', foreign, `${own.slice(0, -1)}${own.endsWith('A') ? 'B' : 'A'}`]) {
    const refused = await send(demo, '/invitations', { method: 'POST', cookie, form: { csrf, ...form } });
    assert.equal(refused.status, 403);
    assert.match(refused.body, /out of date/);
  }
  assert.equal((await send(demo, '/invitations', { method: 'POST', cookie, form })).status, 403);
  await page.goto('/invitations');
  assert.equal(await page.getByText('x@example.com').count(), 0, 'nobody was invited');
});

test('a form from another site is refused although it carries the token', async (t) => {
  const page = await openAs(t, 'owner', '/invitations/new');
  const [cookie, csrf] = [await cookiesOf(page), await csrfOf(page)];
  const form = { csrf, address: 'x@example.com', role: 'auditor', lifetime: '7' };
  for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
    const refused = await send(demo, '/invitations', { method: 'POST', cookie, headers, form });
    assert.equal(refused.status, 403, JSON.stringify(headers));
  }
});

test('nobody reads the mailbox or sends a form under a name of their own', async (t) => {
  const page = await openAs(t, 'owner', '/invitations/new');
  const [cookie, csrf] = [await cookiesOf(page), await csrfOf(page)];
  const host = `rebound.example:${new URL(demo.url).port}`;
  assert.equal((await send(demo, '/mailbox', { headers: { host } })).status, 421);
  const form = { csrf, address: 'x@example.com', role: 'auditor', lifetime: '7' };
  const refused = await send(demo, '/invitations', { method: 'POST', cookie, headers: { host, origin: `http://${host}` }, form });
  assert.equal(refused.status, 421);
  assert.match(refused.body, /Not at this address/);
});

test('visitor is sent to sign in and nowhere else', async () => {
  for (const path of ['/security', '/users', '/audit', '/account']) {
    const answer = await send(demo, path);
    assert.equal(answer.status, 303, path);
    assert.equal(answer.headers.location, `/sign-in?next=${encodeURIComponent(path)}`);
  }
  assert.equal((await send(demo, '/v1/me')).status, 401);
});

test('visitor reads nothing of the server in an error', async () => {
  for (const [path, status] of [['/no-such-page', 404], ['/users/not-an-id', 303], ['/sign-in?next=%00', 400], ['/v1/no-such', 404]]) {
    const answer = await send(demo, path);
    assert.equal(answer.status, status, path);
    assert.doesNotMatch(answer.body, /panicked|\.rs\b|stack|sqlx|SELECT /i, path);
  }
});

test('every answer carries the security headers', async (t) => {
  const page = await openAs(t, 'owner', '/security');
  const cookie = await cookiesOf(page);
  const asset = await page.locator('link[rel="stylesheet"]').first().getAttribute('href');
  const answers = [
    await send(demo, '/security', { cookie }),
    await send(demo, '/security'),
    await send(demo, '/no-such-page'),
    await send(demo, '/security.html'),
    await send(demo, '/healthz'),
    await send(demo, '/v1/me'),
    await send(demo, '/palette', { cookie }),
    await send(demo, '/invitations', { method: 'POST', cookie, form: {} }),
    await send(demo, asset),
  ];
  for (const { status, headers } of answers) {
    for (const [name, form] of Object.entries(HEADERS)) assert.match(headers[name] ?? '', form, `${status} ${name}`);
    assert.equal(headers.server, undefined);
    assert.equal(headers['x-powered-by'], undefined);
  }
  assert.deepEqual(answers.map(({ status }) => status), [200, 303, 404, 308, 200, 401, 200, 403, 200]);
});

test('an address with a file extension leads to the one without', async () => {
  for (const [path, location] of [['/security.html', '/security'], ['/users.php?q=a', '/users?q=a'], ['/sign-in.aspx', '/sign-in']]) {
    const answer = await send(demo, path);
    assert.deepEqual([answer.status, answer.headers.location], [308, location]);
  }
  for (const path of ['/.git/config', '/.env', '/includes/db', '/..%2f..%2fetc%2fpasswd', '//evil.example/x.html']) {
    assert.equal((await send(demo, path)).status, 404, path);
  }
});
