// The security controls page shows the requirement's situation, each figure where it belongs.

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';
import { START, scoreOf, statusOf } from '../lib/posture.mjs';
import { day, later, panel, rows, tidy } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = sharedDemo();

async function openAsOwner(t) {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  return page;
}

/** Midnight, in UTC, of the day on which the demo started: the last event was at 11:15 pm of the day before. */
async function startOf(page) {
  const time = panel(page, 'Security events').locator('time').first();
  const evening = new Date(await time.getAttribute('datetime'));
  const midnight = later(new Date(`${evening.toISOString().slice(0, 10)}T00:00:00Z`), 1);
  const age = statSync(demo.readyFile).mtimeMs - midnight.getTime();
  assert.ok(age >= 0 && age < later(new Date(0), 1).getTime() + 120_000, `the evening of ${evening} was not yesterday`);
  return midnight;
}

test('newcomer who signs in as the owner lands on the security controls', async (t) => {
  const page = await openAsOwner(t);
  assert.equal(new URL(page.url()).pathname, '/security');
  assert.equal(await page.title(), 'Security controls · Example Care · Bailiwick');
  await page.getByRole('heading', { level: 1, name: 'Security controls' }).waitFor();
});

test('owner reads the score, its status and the main gaps', async (t) => {
  const page = await openAsOwner(t);
  assert.equal(scoreOf(START), 72, 'the published formula gives the figure of the requirement');
  const posture = panel(page, 'Security posture');
  assert.equal(await posture.getByRole('img').getAttribute('aria-label'), '72 of 100');
  assert.equal((await posture.locator('.badge').innerText()).toLowerCase(), statusOf(72));
  assert.equal(statusOf(72), 'review');
  await posture.getByText('MFA and key rotation are the main gaps.', { exact: true }).waitFor();
});

test('owner reads the three tiles', async (t) => {
  const page = await openAsOwner(t);
  const tiles = (await page.locator('a.tile').allInnerTexts()).map(tidy);
  assert.deepEqual(tiles, [
    'Active users\nInfo\n8\n6 have verified MFA factors',
    'Pending invites\nWarning\n2\nFollow up before expiry',
    'API keys\nWarning\n3\n1 key expires within 30 days',
  ]);
  const targets = await page.locator('a.tile').evaluateAll((all) => all.map((tile) => tile.getAttribute('href')));
  assert.deepEqual(targets, ['/users', '/invitations', '/api-keys']);
});

test('owner reads what the encryption and audit controls score and what they still ask for', async (t) => {
  const page = await openAsOwner(t);
  const controls = panel(page, 'Encryption and audit controls');
  assert.match(await controls.locator('header').innerText(), /^Encryption and audit controls\s+84$/);
  const read = (await rows(controls)).map(([name, score, status, action]) => [name.split('\n')[0], score, status, action]);
  assert.deepEqual(read, [
    [
      'Encryption at rest',
      '88',
      'Enabled',
      'Move production keys into managed KMS and rotate on schedule\nSet in keys.provider, keys.rotation; costs 12 points',
    ],
    [
      'Encryption in transit',
      '76',
      'Warning',
      'Enable HTTPS enforcement\nSet in server.https, server.tls_certificate, server.trusted_proxies; costs 12 points\n' +
        'Enable verify-full database SSL in production\nSet in database.tls_mode; costs 12 points',
    ],
    [
      'Audit logging',
      '88',
      'Enabled',
      'Add production append-only storage and export retention jobs\nSet in database.url, database.owner_url, audit.archive; costs 12 points',
    ],
  ]);
  const scores = read.map(([, score]) => Number(score));
  assert.equal(Math.round(scores.reduce((sum, score) => sum + score, 0) / scores.length), 84, 'the total is their mean');
});

test('owner opens the evidence behind each control', async (t) => {
  const page = await openAsOwner(t);
  const controls = panel(page, 'Encryption and audit controls');
  for (const [at, words] of [
    [0, [/AES-256-GCM envelope encryption/, /Key provider/]],
    [1, [/HSTS/, /permissions policy/i, /Database TLS mode/]],
    [2, [/redacted/i, /SHA-256/]],
  ]) {
    const evidence = controls.locator('details.evidence').nth(at);
    await evidence.locator('summary').click();
    const text = await controls.locator('tbody tr').nth(at).locator('td').first().innerText();
    for (const word of words) assert.match(text, word);
    const facts = await evidence.locator('li').count();
    assert.equal(await evidence.locator('summary').innerText(), `Evidence (${facts})`);
  }
});

test('owner reads in the checklist what is open and what is done', async (t) => {
  const page = await openAsOwner(t);
  const items = (await panel(page, 'Posture checklist').locator('li').allInnerTexts()).map((text) => tidy(text).split('\n'));
  const states = Object.fromEntries(items.map(([state, sentence]) => [sentence, state]));
  assert.deepEqual(states, {
    '1 active user still needs MFA.': 'Open:',
    '2 invitations are waiting for acceptance.': 'Open:',
    '1 API key needs rotation.': 'Open:',
    'No high severity events are open.': 'Done:',
  });
  const gains = Object.fromEntries(items.map((lines) => [lines[1], lines.at(-1)]));
  assert.equal(gains['1 active user still needs MFA.'], '+5.5');
  assert.equal(gains['1 API key needs rotation.'], '+10');
  assert.equal(gains['2 invitations are waiting for acceptance.'], '+7');
});

test('owner can add the terms of the score up', async (t) => {
  const page = await openAsOwner(t);
  const table = panel(page, 'How the score is computed');
  const all = await rows(table);
  const terms = all.slice(0, -1);
  const number = (text) => Number(text.replace('−', '-'));
  const sum = (at) => terms.reduce((total, cells) => total + number(cells[at]), 0);
  assert.equal(terms.length, 4);
  assert.equal(sum(2), 100);
  assert.equal(sum(4), 72);
  assert.equal(sum(5), -28);
  assert.deepEqual([all.at(-1)[4], all.at(-1)[5]], ['72', '−28']);
  await table.getByText('The formula').click();
  assert.match(await table.locator('code.formula').innerText(), /= 33 \+ 20 \+ 19 \+ 0 = 72$/);
});

test('owner reads the three events with their times of day', async (t) => {
  const page = await openAsOwner(t);
  const yesterday = day(later(await startOf(page), -1));
  const events = (await rows(panel(page, 'Security events'))).slice(0, 3);
  assert.deepEqual(events, [
    ['mfa.enabled', 'Info', 'Tenant Owner verified TOTP factor', 'Imran Owner', 'Open', `${yesterday}, 11:15 pm UTC`],
    ['api_key.created', 'Warning', 'Reporting integration key created with billing read scope and 1 more', 'API key Reporting integration', 'Open', `${yesterday}, 11:10 pm UTC`],
    ['user.invited', 'Info', 'Support Coordinator invitation created', 'coordinator@example.com', 'Open', `${yesterday}, 11:00 pm UTC`],
  ]);
});

test('owner reads who has MFA and who is missing it', async (t) => {
  const page = await openAsOwner(t);
  const users = (await rows(panel(page, 'Users and MFA'))).map(([who, ...rest]) => [...who.split('\n').slice(-2), ...rest]);
  assert.deepEqual(users[0], ['Ops Manager', 'ops@example.com', 'Operations Manager', 'Missing', 'Active'], 'who lacks one comes first');
  assert.equal(users[1][3], 'SSO asserted');
  assert.deepEqual(users.slice(2, 4), [
    ['Imran Owner', 'owner@example.com', 'Tenant Owner', 'Verified, required', 'Active'],
    ['Plan Manager', 'plan@example.com', 'Plan Manager', 'Verified, required', 'Active'],
  ]);
  await panel(page, 'Users and MFA').getByText('5 of 8', { exact: true }).waitFor();
});

test('owner reads which invitations wait and until when', async (t) => {
  const page = await openAsOwner(t);
  const today = await startOf(page);
  assert.deepEqual(await rows(panel(page, 'Invitations')), [
    ['coordinator@example.com\nSupport Coordinator', day(later(today, 10)), 'Pending'],
    ['auditor@example.com\nAuditor', day(later(today, 8)), 'Pending'],
  ]);
});

test('owner reads the keys with prefix, scopes, end and status', async (t) => {
  const page = await openAsOwner(t);
  const today = await startOf(page);
  const keys = (await rows(panel(page, 'API keys'))).map(([key, scopes, ...rest]) => [key, scopes.split('\n').sort(), ...rest]);
  assert.deepEqual(keys.slice(0, 2), [
    ['Reporting integration\ncndis_live_rpt…', ['billing:read', 'participant:read'], day(later(today, 28)), 'Expiring'],
    ['Document sync\ncndis_live_doc…', ['document:read', 'document:write'], day(later(today, 91)), 'Active'],
  ]);
  assert.equal(keys.length, 3);
});

test('owner is led from each gap to the page that closes it', async (t) => {
  const page = await openAsOwner(t);
  const links = panel(page, 'Posture checklist').locator('li a');
  const targets = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  assert.equal(targets.length, 3);
  for (const target of targets) assert.equal((await page.goto(target)).status(), 200, target);
  await page.goto('/users?mfa=missing&status=active');
  assert.deepEqual((await rows(panel(page, 'Users'))).map(([who]) => who.split('\n').at(-1)), ['ops@example.com']);
});
