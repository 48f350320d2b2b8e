// Every page of the product: it opens, is calm, fits, and axe-core finds nothing. Those of the navigation and those behind
// them, those of visitors, those that only a change leads to; the last test asks the access table whether one is missing.
//
// Each page is looked at in each theme at each width when it first comes up; the same page of another person, who sees
// the same template with fewer controls, in both themes at the two ends.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MATRIX, openPage, setWidth } from '../lib/browser.mjs';
import { fileDemo, sharedDemo } from '../lib/demo.mjs';
import { codeFor, digestOf, letterTo } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { navigation, routesOf, shapeOfRoute, unfold } from '../lib/read.mjs';
import { signIn, typeIn } from '../lib/session.mjs';

const demo = sharedDemo();
/** For pages that only a change leads to. */
const changing = await fileDemo();

/** Pages that are not in the navigation, by who looks at them: an address, and perhaps links to follow from there. */
const FURTHER = {
  owner: [
    ['/invitations/new'],
    ['/invitations/many'],
    ['/invitations', 'a[href$="/resend"]'],
    ['/invitations', 'a[href$="/revoke"]'],
    ['/mail'],
    ['/api-keys/new'],
    ['/roles/new'],
    ['/roles', 'thead a'],
    ['/teams/new'],
    ['/keys/rotate'],
    ['/keys/schedule'],
    ['/audit/holds/new'],
    ['/audit/retention/change'],
    ['/audit/retention/look'],
    ['/audit/retention/look?class=session&days=90'],
    ['/audit/restores/new'],
    ['/secrets/new'],
    ['/integrations/new'],
    ['/integrations/new?provider=smtp'],
    ['/integrations/new?provider=sms'],
    ['/integrations/new?provider=storage'],
    ['/integrations/new?provider=accounting'],
    ['/integrations/new?provider=http'],
    ['/audit/streams/new'],
    ['/audit/streams/new?kind=syslog'],
    ['/audit/streams/new?kind=s3'],
    ['/account'],
    ['/account/password'],
    ['/account/profile'],
    ['/account/sessions'],
    ['/account/recovery-codes'],
    ['/users', 'td a'],
    ['/users?q=plan%40example.com', 'td a', 'a[href$="/disable"]'],
    ['/audit?action=user.role_changed', 'td a.into'],
    ['/audit?action=user.role_changed', 'td[data-label="On"] a'],
    ['/audit?action=user.role_changed', 'td[data-label="On"] a', 'a[href$="/difference"]'],
    ['/audit?action=user.role_changed', 'td a.into', 'a[href*="/as-of?"]'],
    ['/api-keys', 'td.act a'],
    ['/api-keys', 'td a.into'],
    ['/api-keys', 'td a.into', 'a[href$="/rotate"]'],
    ['/audit?to=1990-01-01'],
    ['/audit?only=changes'],
    ['/access/api'],
    ['/audit/intake'],
    ['/audit?q=-outcome%3Aok'],
    ['/audit/searches?q=outcome%3Adenied'],
    ['/audit/bundle?q=outcome%3Adenied'],
    ['/audit/exports/new'],
    ['/audit/exports/new?action=user.created'],
    ['/find?q=plan'],
    ['/access/who?permission=user%3Aread'],
    ['/access/who?permission=user%3Aread', 'td a.into'],
    ['/access/unused', 'td a.into'],
    ['/access/unused/users'],
    ['/access/unused/users', 'td a.into'],
  ],
  auditor: [['/users', 'td a']],
  'platform operator': [['/platform/tenants/new'], ['/platform/tenants', 'a[href$="/suspend"]']],
};

/** What a role must at least be offered; the rest is found on the page. */
const OFFERED = {
  owner: ['/security', '/security/events', '/policy', '/users', '/sessions', '/invitations', '/roles', '/teams', '/api-keys', '/secrets', '/integrations', '/keys', '/access/who', '/access/unused', '/access', '/audit', '/audit/verify', '/audit/exports', '/audit/archive', '/audit/retention', '/audit/restores', '/audit/drills', '/audit/anomalies', '/audit/streams', '/audit/subjects', '/audit/holds', '/documents', '/documents/evidence'],
  auditor: ['/security', '/users', '/secrets', '/integrations', '/keys', '/access/who', '/access/unused', '/audit', '/audit/verify', '/audit/exports', '/audit/archive', '/audit/retention', '/audit/restores', '/audit/drills', '/audit/anomalies', '/audit/streams', '/audit/holds', '/documents/evidence'],
  'platform operator': ['/platform/tenants', '/platform/jobs', '/users', '/audit'],
};

async function open(page, address, links) {
  let answer = await page.goto(address);
  for (const link of links) {
    const target = await page.locator(link).first().getAttribute('href');
    answer = await page.goto(target);
  }
  assert.equal(answer.status(), 200, page.url());
  return answer;
}

/** Two looks that show both themes and both ends of the widths. */
const ENDS = [MATRIX[0], MATRIX.at(-1)];
const seen = new Set();
/** The paths of the pages that were looked at. */
const paths = new Set();

/** Looks at the open page, completely if `what` comes up for the first time. */
async function look(page, what, name) {
  const looks = seen.has(what) ? ENDS : MATRIX;
  seen.add(what);
  paths.add(new URL(page.url()).pathname);
  await lookAround(page, name, looks);
}

/** Looks at the open page, once its heading is there. */
async function lookAt(page, heading, name) {
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await look(page, name, name);
}

/** The address that a link leads to; following it here would open its question in a dialog. */
function target(page, name) {
  return page.getByRole('link', { name }).first().getAttribute('href');
}

// Side by side: a look is the browser's work, and each person has a window of their own.
describe('people look at every page', { concurrency: true }, () => {
  for (const who of Object.keys(OFFERED)) {
    test(`${who} is offered what they need and no page breaks`, async (t) => {
      const page = await openPage(t, demo);
      await signIn(page, demo, who);
      const offered = await navigation(page);
      for (const address of OFFERED[who]) assert.ok(offered.includes(address), `${address} is not offered`);
      const further = FURTHER[who].filter(([address, ...links]) => links.length > 0 || !offered.includes(address));
      for (const [address, ...links] of [...offered.map((one) => [one]), ...further]) {
        const what = [address, ...links].join(' and follows ');
        await t.test(`${who} opens ${what}`, async () => {
          await open(page, address, links);
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

// One after the other: several sign in as the owner, and a one-time code is good once only.
describe('people look at what a change leads to', { concurrency: false }, () => {
  test('visitor reads the mailbox of the demonstration and follows the link of an invitation', async (t) => {
    const page = await openPage(t, demo);
    assert.equal((await page.goto('/mailbox')).status(), 200);
    await look(page, 'mailbox', 'visitor-mailbox');
    await open(page, '/mailbox', ['a.into']);
    await look(page, 'letter', 'visitor-letter');
    await letterTo(page, '@', 'You are invited to Example Care');
    const link = await page.locator('.letter a').first().getAttribute('href');
    await page.goto(link);
    await lookAt(page, 'Join Example Care', 'visitor-join');
    await page.goto(`${link}/decline`);
    await lookAt(page, 'Decline the invitation?', 'visitor-decline');
  });

  test('visitor who forgot a password asks for a letter and follows its link', async (t) => {
    const page = await openPage(t, changing);
    await page.goto('/reset');
    await lookAt(page, 'Forgot your password?', 'visitor-forgot');
    await page.locator('#address').fill(changing.signIns.auditor.address);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await lookAt(page, 'Look into your mailbox', 'visitor-asked');
    const letter = page.getByRole('link', { name: 'Set a new password for Example Care' }).first();
    // It arrives within a second or so.
    for (let tries = 0; tries < 50 && (await letter.count()) === 0; tries += 1) {
      await page.waitForTimeout(200);
      await page.goto('/mailbox');
    }
    await page.goto(await letter.getAttribute('href'));
    await page.goto(await page.locator('.letter a').first().getAttribute('href'));
    await lookAt(page, 'Set a new password', 'visitor-reset');
  });

  test('auditor is asked for a code, and told what they may not do and what is not there', async (t) => {
    const page = await openPage(t, changing, { calm: false });
    const { address, password } = changing.signIns.auditor;
    await page.goto('/sign-in');
    await page.locator('#address').fill(address);
    await page.locator('#password').fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await lookAt(page, 'Enter your code', 'auditor-code');

    const inside = await openPage(t, changing, { calm: false });
    await signIn(inside, changing, 'auditor');
    assert.equal((await inside.goto('/invitations/new')).status(), 403);
    await look(inside, 'refused', 'auditor-refused');
    assert.equal((await inside.goto('/no-such-page')).status(), 404);
    await look(inside, 'not-found-within', 'auditor-not-found');
  });

  test('operations manager is shown the secret of a new authenticator', async (t) => {
    const page = await openPage(t, changing);
    await signIn(page, changing, 'operations manager');
    await page.goto('/account');
    await page.getByRole('button', { name: 'Add an authenticator app' }).click();
    await page.locator('#totp-secret').waitFor();
    await look(page, 'authenticator', 'manager-authenticator');
  });

  test('owner is asked before a change and shown a new key once', async (t) => {
    const page = await openPage(t, changing);
    await signIn(page, changing, 'owner');

    await page.goto('/users?q=plan%40example.com');
    const person = await page.locator('td a').first().getAttribute('href');
    await page.goto(person);
    await page.getByPlaceholder(/^Narrow/).fill('invitation:create');
    await page.getByRole('group', { name: 'invitation:create' }).getByRole('radio', { name: 'Grant' }).check();
    await page.getByRole('button', { name: 'Save permissions' }).click();
    await lookAt(page, 'Change what Plan Manager may do?', 'owner-permissions');

    await page.goto(`${person}/reset-factors`);
    await lookAt(page, 'Reset the second factors of Plan Manager?', 'owner-reset-factors');
    await page.goto(`${person}/name`);
    await lookAt(page, 'Change the name', 'owner-rename');
    await page.goto(`${person}/delete`);
    await lookAt(page, 'Delete Plan Manager?', 'owner-delete');
    for (const [action, question] of [
      ['disable', 'Disable 1 person?'],
      ['enable', 'Enable 1 person?'],
      ['end-sessions', 'End all sessions of 1 person?'],
      ['remind', 'Remind 1 person?'],
      ['role', 'Change the role of 1 person?'],
    ]) {
      await page.goto(`/users/bulk/${action}?user=${person.split('/').at(-1)}`);
      await lookAt(page, question, `owner-bulk-${action}`);
    }
    await page.goto(`${person}/disable`);
    await page.getByRole('button', { name: 'Disable user' }).click();
    await page.getByText('The user is disabled and signed out everywhere.').waitFor();
    await page.goto(`${person}/enable`);
    await lookAt(page, 'Enable Plan Manager?', 'owner-enable');

    await page.goto('/security/events');
    await page.goto(await page.locator('a[href$="/resolve"]').first().getAttribute('href'));
    await lookAt(page, 'Resolve this event?', 'owner-resolve');

    await page.goto('/api-keys/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Nightly export');
    await page.locator('#tag').fill('nxp');
    await unfold(page, 'input[value="user:read"]');
    await page.locator('input[value="user:read"]').check();
    await page.getByRole('button', { name: 'Create key' }).click();
    await lookAt(page, 'Copy the key now', 'owner-key');

    const manager = await openPage(t, changing);
    await typeIn(manager, changing, 'operations manager');
    await page.goto('/sessions?q=ops%40example.com');
    await page.goto(await page.locator('td a.into').first().getAttribute('href'));
    await lookAt(page, 'Sessions of Ops Manager', 'owner-sessions');
    const sessions = page.url();
    await page.goto(await page.locator('td.act a').first().getAttribute('href'));
    await lookAt(page, 'End a session of Ops Manager?', 'owner-end-session');
    await page.goto(`${sessions}/end`);
    await lookAt(page, 'End all sessions of Ops Manager?', 'owner-end-sessions');

    const guesser = await openPage(t, changing, { calm: false });
    for (let guess = 0; guess < 5; guess++) {
      await guesser.goto('/sign-in');
      await guesser.locator('#address').fill('roster@example.com');
      await guesser.locator('#password').fill('not the password');
      await guesser.getByRole('button', { name: 'Sign in', exact: true }).click();
      await guesser.getByRole('alert').waitFor();
    }
    await page.goto('/users?q=roster%40example.com');
    const waiting = await page.locator('td a').first().getAttribute('href');
    await page.goto(waiting);
    await page.getByText(/^1 address waits after wrong passwords/).waitFor();
    await page.goto(`${waiting}/unlock`);
    await lookAt(page, /^Let .* try again\?$/, 'owner-unlock');

    await page.goto('/audit/subjects');
    await page.getByLabel('Address or id').fill('roster@example.com');
    await page.getByRole('button', { name: 'Look' }).click();
    await lookAt(page, /^What is kept of /, 'owner-subject');
    await page.goto(`${new URL(page.url()).pathname}/erase`);
    await lookAt(page, 'Erase everything that goes?', 'owner-erase');
  });

  test('owner looks at a role and a team of their own and is asked before either goes', async (t) => {
    const page = await openPage(t, changing);
    await signIn(page, changing, 'owner');

    await page.goto('/roles/new?from=auditor');
    await page.locator('#label').fill('Night auditor');
    await page.getByRole('button', { name: 'Make role' }).click();
    await lookAt(page, 'Night auditor', 'owner-role');
    await page.goto('/roles/custom-night-auditor/delete');
    await lookAt(page, 'Remove the role Night auditor?', 'owner-role-delete');

    await page.goto('/teams/new');
    await page.locator('#name').fill('Night shift');
    await page.getByRole('button', { name: 'Make team' }).click();
    await lookAt(page, 'Night shift', 'owner-team-empty');
    const team = new URL(page.url()).pathname;
    await page.locator('#address').fill('ops@example.com');
    await page.getByRole('button', { name: 'Take in' }).click();
    await page.getByText('The team\'s members were changed.').waitFor();
    await page.locator('#role').selectOption('custom-night-auditor');
    await page.getByRole('button', { name: 'Give role' }).click();
    await page.getByText('The team\'s roles were changed.').waitFor();
    await look(page, 'team', 'owner-team');
    await page.goto('/teams');
    await look(page, 'teams with one', 'owner-teams');
    await page.goto(`${team}/dissolve`);
    await lookAt(page, 'Dissolve Night shift?', 'owner-team-dissolve');
  });

  test('owner looks at a schema of product events and is asked before it goes', async (t) => {
    const page = await openPage(t, changing);
    await signIn(page, changing, 'owner');
    await page.goto('/audit/intake');
    await page.locator('#action').fill('app.plan.approved');
    await page.locator('#schema').fill('{"required": ["actor"]}');
    await page.getByRole('button', { name: 'Register schema' }).click();
    await lookAt(page, 'app.plan.approved', 'owner-schema');
    await page.goto(`${new URL(page.url()).pathname}/remove`);
    await lookAt(page, 'Remove the schema of app.plan.approved?', 'owner-schema-remove');
  });

  test('owner keeps a search and is asked before it goes', async (t) => {
    const page = await openPage(t, changing);
    await signIn(page, changing, 'owner');
    await page.goto('/audit/searches?q=outcome%3Adenied');
    await page.getByRole('textbox', { name: 'Name' }).fill('What was refused');
    await page.getByRole('button', { name: 'Keep search' }).click();
    await page.getByText('The search is kept.').waitFor();
    await page.goto(await target(page, 'Remove'));
    await lookAt(page, 'Remove What was refused?', 'owner-search-remove');
  });

  test('owner looks at a stream, its secret and its place, and is asked before it goes', async (t) => {
    const page = await openPage(t, changing);
    await signIn(page, changing, 'owner');
    await page.goto('/audit/streams/new');
    await page.locator('#name').fill('Security desk');
    await page.locator('#url').fill('https://siem.invalid/hook');
    await page.getByRole('button', { name: 'Make stream' }).click();
    await lookAt(page, 'Copy the secret now', 'owner-stream-secret');
    await page.getByRole('link', { name: 'I have stored it' }).click();
    await lookAt(page, 'Security desk', 'owner-stream');
    const stream = new URL(page.url()).pathname;
    await page.goto('/audit/streams');
    await look(page, 'streams with one', 'owner-streams');
    await page.goto(`${stream}/place`);
    await lookAt(page, 'Another place', 'owner-stream-place');
    await page.goto(`${stream}/remove`);
    await lookAt(page, 'Remove “Security desk”?', 'owner-stream-remove');
  });

  test('owner looks at a secret and is asked before it goes', async (t) => {
    const page = await openPage(t, changing);
    await signIn(page, changing, 'owner');
    await page.goto('/secrets/new');
    await page.locator('#name').fill('gateway/stripe/api_key');
    await page.locator('#value').fill('opensesame-first-value');
    await page.getByRole('button', { name: 'Store secret' }).click();
    await lookAt(page, 'gateway/stripe/api_key', 'owner-secret');
    const secret = new URL(page.url()).pathname;
    await page.locator('#value').fill('opensesame-second-value');
    await page.getByRole('button', { name: 'Stage version' }).click();
    await look(page, 'secret with a version that waits', 'owner-secret-staged');
    await page.goto('/secrets');
    await look(page, 'secrets with one', 'owner-secrets');
    await page.goto(`${secret}/delete`);
    await lookAt(page, 'Delete “gateway/stripe/api_key”?', 'owner-secret-delete');
  });

  test('owner looks at an integration, changes it and is asked before it goes', async (t) => {
    const page = await openPage(t, changing);
    await signIn(page, changing, 'owner');
    await page.goto('/integrations/new?provider=http');
    await page.locator('#name').fill('Ledger');
    await page.locator('#c_base_url').fill('https://127.0.0.1:9');
    await page.getByRole('button', { name: 'Set up integration' }).click();
    await lookAt(page, 'Ledger', 'owner-integration');
    const integration = new URL(page.url()).pathname;
    await page.getByRole('button', { name: 'Test connection' }).click();
    await look(page, 'integration whose test failed', 'owner-integration-tested');
    await page.goto('/integrations');
    await look(page, 'integrations with one', 'owner-integrations');
    await page.goto(`${integration}/edit`);
    await lookAt(page, 'Change integration', 'owner-integration-edit');
    await page.goto(`${integration}/remove`);
    await lookAt(page, 'Remove “Ledger”?', 'owner-integration-remove');
  });

  test('owner looks at an export and is asked before its file goes', async (t) => {
    const page = await openPage(t, changing);
    await signIn(page, changing, 'owner');
    await page.goto('/audit/exports/new?action=user.created');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await lookAt(page, 'CSV, for spreadsheets', 'owner-export');
    const made = new URL(page.url()).pathname;
    await page.goto('/audit/exports');
    await look(page, 'exports with one', 'owner-exports');
    // On a phone each figure has the name of its column.
    await setWidth(page, 375);
    const named = await page.locator('td.named').evaluateAll((cells) =>
      cells.map((cell) => getComputedStyle(cell, '::before').content !== 'none' && cell.dataset.label),
    );
    assert.deepEqual(named, ['Taken', 'Asked for', 'File goes']);
    await page.goto(`${made}/remove`);
    await lookAt(page, 'Remove the file?', 'owner-export-remove');
  });

  test('operations manager is asked before a session of theirs ends', async (t) => {
    const [page, other] = [await openPage(t, changing), await openPage(t, changing)];
    await typeIn(page, changing, 'operations manager');
    await typeIn(other, changing, 'operations manager');
    await page.goto('/account/sessions');
    await page.goto(await page.locator('td.act a').first().getAttribute('href'));
    await lookAt(page, /^End the session of /, 'manager-end-session');
    await page.goto('/account/sessions/end-others');
    await lookAt(page, 'End all your other sessions?', 'manager-end-others');
    await page.goto('/sign-in/again');
    await lookAt(page, 'Is it still you?', 'manager-prove-again');
  });

  test('platform operator makes an organisation, whose owner alone gets the link, suspends it and reactivates it', async (t) => {
    const operator = await openPage(t, changing, { calm: false });
    await signIn(operator, changing, 'platform operator');
    const reader = await openPage(t, changing);
    /** The link in the newest letter to the new owner, once it is another one than before. */
    const mailed = async (before) => {
      for (let tried = 0; tried < 50; tried += 1) {
        const letter = await letterTo(reader, 'hana@example.com', 'You are the first owner of Quiet Harbour');
        const [link] = letter.match(/https?:\/\/\S+\/enrol\/\S+/);
        if (link !== before) return link;
        await reader.waitForTimeout(200);
      }
      throw new Error('no other link arrived');
    };

    await operator.goto('/platform/tenants/new');
    for (const [field, text] of [['name', 'Quiet Harbour'], ['slug', 'quiet-harbour'], ['owner', 'hana@example.com'], ['owner_name', 'Hana Harbour']]) {
      await operator.locator(`#${field}`).fill(text);
    }
    await operator.getByRole('button', { name: 'Create tenant' }).click();
    await operator.getByText('A letter brings its first owner a link').waitFor();
    assert.doesNotMatch(await operator.content(), /\/enrol\//, 'whoever makes it never sees the link');
    const first = await mailed();

    await operator.goto(await target(operator, 'New owner link for Quiet Harbour'));
    await lookAt(operator, 'Send another link for Quiet Harbour?', 'operator-owner-link');
    await operator.getByRole('button', { name: 'Send another link' }).click();
    await operator.getByText('A letter brings the owner another link.').waitFor();
    assert.doesNotMatch(await operator.content(), /\/enrol\//);
    const second = await mailed(first);

    assert.equal((await operator.goto(second)).status(), 409);
    await lookAt(operator, 'This browser is signed in', 'operator-signed-in');
    const owner = await openPage(t, changing, { calm: false });
    assert.equal((await owner.goto(first)).status(), 409);
    await look(owner, 'dead-link', 'new-owner-dead-link');
    assert.equal((await owner.goto(second)).status(), 200);
    await lookAt(owner, 'Welcome, Hana Harbour', 'new-owner-enrol');

    await operator.goto('/platform/tenants');
    await operator.goto(await target(operator, 'Suspend Quiet Harbour'));
    await operator.locator('#reason').fill('They asked for a pause');
    await operator.getByRole('button', { name: 'Suspend organisation' }).click();
    await operator.getByLabel('Eight digits').fill(await codeFor(reader, 'operator@example.com', await digestOf(operator)));
    await operator.getByRole('button', { name: 'Suspend organisation' }).click();
    await operator.waitForURL('**/platform/tenants');
    await operator.goto(await target(operator, 'Reactivate Quiet Harbour'));
    await lookAt(operator, 'Reactivate Quiet Harbour?', 'operator-reactivate');
  });
});

/** Pages that only an authenticator, a phone, a document or a rotated key leads to: `passkeys.test.mjs`, `mfa.test.mjs`, `phone.test.mjs`, `documents.test.mjs` and `keys.test.mjs` look at them; and the question before a segment goes that came from an archive, which the demonstration does not have: it is the one of every removal. */
const ELSEWHERE = /^\/account\/(passkeys|factors)\/|^\/account\/password\/first$|^\/account\/phone|^\/audit\/restores\/\{|^\/enrol\/factor$|^\/sign-in\/recovery$|^\/documents\/\{|^\/keys\/(destructions|versions)\/\{/;
/** Addresses that show no page: files, answers for programs, and the list of the palette, which its own test looks at. */
const NO_PAGE = /^\/(v1|assets)\/|\/file$|^\/(healthz|readyz|robots\.txt|favicon\.ico|palette)?$|^\/audit\/subjects\/\{[^}]+\}\/certificate$|^\/files\/|^\/keys\/destructions\/\{[^}]+\}\/certificate$/;

// In the end and with a session of its own: with the code every session of the owner gets another id, and the tests before share one.
test('owner places a hold with a code and is asked before it is lifted', async (t) => {
  const page = await openPage(t, changing);
  await signIn(page, changing, 'owner', { fresh: true });
  // On what nobody did, so that it keeps nothing.
  await page.goto('/audit/holds/new');
  await page.getByLabel('Records of a time').check();
  await page.getByRole('textbox', { name: 'Action' }).fill('nothing');
  await page.getByLabel('Reason').fill('Matter 12');
  await page.getByRole('button', { name: 'Place hold' }).click();
  const digest = await digestOf(page);
  const reader = await openPage(t, changing);
  await page.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', digest));
  await page.getByRole('button', { name: 'Place hold' }).click();
  await page.getByText('The hold is placed.').waitFor();
  await page.goto(await page.locator('td.act a').first().getAttribute('href'));
  await lookAt(page, /^Lift the legal hold on /, 'owner-lift');
});

test('no page that the access table lists was left out', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  const pages = (await routesOf(page)).filter(([method, path]) => method === 'GET' && !NO_PAGE.test(path) && !ELSEWHERE.test(path));
  assert.ok(pages.length > 30, `only ${pages.length} pages are listed`);
  const looked = [...paths];
  const left = pages.map(([, path]) => path).filter((path) => !looked.some((one) => shapeOfRoute(path).test(one)));
  assert.deepEqual(left, []);
});
