// A stream of the audit log: made, confirmed with the mailed code, tested; and no way into the server's own network.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { codeFor, digestOf } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { panel } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

test('owner starts a stream with a code, and a test tells that it leads where none may', async (t) => {
  const owner = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/audit/streams');
  await owner.getByText('No streams yet').waitFor();
  await owner.getByRole('link', { name: 'New stream' }).click();
  await owner.locator('#name').fill('Security desk');
  await owner.locator('#url').fill('https://127.0.0.1:9/hook/T0KEN');
  await owner.getByRole('button', { name: 'Make stream' }).click();
  const secret = await owner.locator('#stream-secret').innerText();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  await owner.getByRole('link', { name: 'I have stored it' }).click();
  await owner.getByText('Nothing leaves by this stream before').waitFor();
  assert.doesNotMatch(await owner.content(), /T0KEN|whsec_/, 'neither is shown again');
  const stream = owner.url();

  await owner.getByRole('button', { name: 'Confirm the place' }).click();
  await owner.getByText('“Security desk” to https://127.0.0.1:9').first().waitFor();
  await lookAround(owner, 'stream-code');
  const reader = await openPage(t, demo);
  await owner.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', await digestOf(owner)));
  await owner.getByRole('button', { name: 'Start the stream' }).click();
  await owner.getByText('Records leave by this stream from now on.').waitFor();

  await owner.getByRole('button', { name: 'Send a test' }).click();
  const failed = panel(owner, 'Delivery').getByText('Did not arrive');
  for (let tried = 0; tried < 50 && (await failed.count()) === 0; tried += 1) {
    await owner.waitForTimeout(200);
    await owner.goto(stream);
  }
  await failed.waitFor();
  await panel(owner, 'Delivery').getByText('The address is not one that streams of this server may reach.').first().waitFor();
  await lookAround(owner, 'stream-failing');

  await owner.getByRole('button', { name: 'Pause' }).click();
  await owner.getByText('The stream is paused.').waitFor();
  await owner.getByLabel('First record').fill('0');
  await owner.getByRole('button', { name: 'Begin again there' }).click();
  await owner.getByText('The stream begins again with this record.').waitFor();
  await owner.getByRole('link', { name: 'Remove' }).click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Remove stream' }).click();
  await owner.getByText('No streams yet').waitFor();
});
