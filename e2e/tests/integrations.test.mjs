// An integration: a raw secret is refused and never comes back, the button stores it, the test tells, and the health is shown.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { lookAround } from '../lib/look.mjs';
import { panel } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();
const RAW = 'opensesame-mail-password';

/** No page that is looked at here holds the value. */
async function holdsNoValue(page) {
  assert.doesNotMatch(await page.content(), /opensesame/);
}

test('owner sets a mail server up with a password that becomes a secret, tests and enables it', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/integrations');
  await owner.getByText('No integrations yet').waitFor();
  await owner.getByRole('link', { name: 'New integration' }).click();
  await owner.getByRole('navigation', { name: 'Provider' }).getByRole('link', { name: 'Mail server (SMTP)' }).click();
  await owner.locator('#name').fill('Clinic mail');
  await owner.locator('#c_host').fill('10.20.30.40');
  await owner.locator('#c_user').fill('mailer');
  await owner.locator('#c_password').fill(RAW);
  // The Enter key saves the form, and stores nothing.
  await owner.locator('#c_password').press('Enter');
  await owner.locator('#c_password-error').waitFor();
  await holdsNoValue(owner);
  assert.equal(await owner.locator('#c_password').inputValue(), '', 'the value is typed again');
  assert.equal(await owner.locator('#c_user').inputValue(), 'mailer');
  await lookAround(owner, 'integration-refused');
  await owner.locator('#c_password').fill(RAW);
  await owner.getByRole('button', { name: 'Store it as a secret' }).click();
  await owner.getByText('the value is stored as a secret').waitFor();
  await panel(owner, 'Configuration').getByText('secret://smtp/clinic-mail/password').waitFor();
  await holdsNoValue(owner);

  await owner.getByRole('button', { name: 'Test connection' }).click();
  await owner.getByText('The test failed. The reason stands below.').waitFor();
  await panel(owner, 'Health').getByText('is not one that this server connects to').waitFor();
  await owner.getByRole('button', { name: 'Enable', exact: true }).click();
  await panel(owner, 'State').getByText('Enabled').waitFor();
  await lookAround(owner, 'integration');

  await owner.getByRole('link', { name: 'Change', exact: true }).click();
  assert.equal(await owner.locator('#c_password').inputValue(), 'secret://smtp/clinic-mail/password');
  await owner.locator('#c_host').fill('mail.example.com');
  await owner.getByRole('button', { name: 'Save integration' }).click();
  await owner.getByText('The integration was changed.').waitFor();
  await panel(owner, 'State').getByText('mail.example.com:587').waitFor();

  await owner.goto('/integrations');
  await lookAround(owner, 'integrations');
  await owner.getByRole('link', { name: 'Clinic mail' }).click();
  await owner.getByRole('link', { name: 'Remove', exact: true }).click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Remove integration' }).click();
  await owner.getByText('The integration is removed.').waitFor();
  await owner.goto('/secrets');
  await owner.getByRole('link', { name: 'smtp/clinic-mail/password' }).waitFor();
});
