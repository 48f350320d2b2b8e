// The mail server is down: the change stands, the letter waits and is tried again, and the page says so.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { openPage } from '../lib/browser.mjs';
import { lookAround } from '../lib/look.mjs';
import { panel, rows } from '../lib/read.mjs';
import { freePort, startSite } from '../lib/site.mjs';

/** The first try again comes after a minute; this only ends a test that hangs. */
const PATIENCE_MS = 150_000;
const NEW = 'seven quiet lanterns';

const smtp = await freePort();
const site = await startSite({
  'mail.transport': 'smtp',
  'mail.host': '127.0.0.1',
  'mail.port': smtp,
  'mail.tls': 'none',
  'mail.from': 'no-reply@example.com',
  'mail.timeout_seconds': 5,
});
after(() => site.stop());

/** A mail server on the port, and the letters that it took. */
async function mailServer(t) {
  const letters = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const parts = [];
      stream.on('data', (part) => parts.push(part));
      stream.on('end', () => {
        letters.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(parts).toString('utf8') });
        done();
      });
    },
  });
  await new Promise((resolve, reject) => server.on('error', reject).listen(smtp, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  return letters;
}

/** The row of the only letter, once it fits. */
async function letter(page, fits) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await page.waitForTimeout(500)) {
    await page.goto('/mail');
    const found = await rows(panel(page, 'Letters'));
    assert.equal(found.length, 1, 'one letter, however often it is tried');
    if (fits(found[0])) return found[0];
  }
  throw new Error('the letter did not get so far');
}

test('owner invites while the mail server is down, and the letter arrives once it is back', async (t) => {
  const page = await openPage(t, site);
  await page.goto(site.link);
  await page.locator('#new').fill(NEW);
  await page.locator('#again').fill(NEW);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/enrol'));

  await page.goto('/invitations/new');
  await page.getByRole('textbox', { name: 'E-mail address' }).fill('nina@example.com');
  await page.getByRole('radio', { name: /^Platform support/i }).check();
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByText('The invitation is recorded.').waitFor();
  await page.goto('/invitations');
  assert.ok((await rows(panel(page, 'Invitations'))).some(([address]) => address.includes('nina@example.com')), 'the change stands');

  const waits = await letter(page, ([, , , attempts]) => /next/.test(attempts));
  assert.match(waits[2], /^Waiting\nThe mail server could not be reached\./);
  assert.match(waits[3], /^1\n/);
  await lookAround(page, 'mail-server-down');

  const letters = await mailServer(t);
  const sent = await letter(page, ([, , state]) => state.startsWith('Sent'));
  assert.equal(sent[0], 'nina@example.com');
  assert.equal(letters.length, 1, 'once');
  assert.deepEqual(letters[0].to, ['nina@example.com']);
  assert.match(letters[0].raw, /You are invited to/);
});
