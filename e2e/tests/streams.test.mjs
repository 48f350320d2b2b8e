// A stream of the audit log: made, confirmed with the mailed code, tested; and no way into the server's own network.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
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
  await owner.locator('#url').fill('https://10.0.0.1:9/hook/T0KEN');
  await owner.getByRole('button', { name: 'Make stream' }).click();
  const secret = await owner.locator('#stream-secret').innerText();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  await owner.getByRole('link', { name: 'I have stored it' }).click();
  await owner.getByText('Nothing leaves by this stream before').waitFor();
  assert.doesNotMatch(await owner.content(), /T0KEN|whsec_/, 'neither is shown again');
  const stream = owner.url();

  await owner.getByRole('button', { name: 'Confirm the place' }).click();
  await owner.getByText('“Security desk” to https://10.0.0.1:9').first().waitFor();
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
  await panel(owner, 'Delivery').getByText('names networks of their own in stream.allowed_networks').first().waitFor();
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

test('owner tries a stream with a receiver on the machine of the demonstration', async (t) => {
  const arrived = [];
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      arrived.push({ headers: request.headers, body: JSON.parse(body) });
      response.writeHead(204).end();
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.after(() => receiver.close());

  const owner = await openPage(t, demo);
  const reader = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/audit/streams');
  await owner.getByRole('link', { name: 'New stream' }).first().click();
  await owner.locator('#name').fill('This machine');
  await owner.locator('#url').fill('http://10.0.0.1:8099/hook');
  await owner.getByRole('button', { name: 'Make stream' }).click();
  await owner.getByText('By http records go only into networks').first().waitFor();
  await owner.locator('#url').fill(`http://127.0.0.1:${receiver.address().port}/hook`);
  await owner.getByRole('button', { name: 'Make stream' }).click();
  await owner.getByRole('link', { name: 'I have stored it' }).click();
  await owner.getByRole('button', { name: 'Confirm the place' }).click();
  await owner.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', await digestOf(owner)));
  await owner.getByRole('button', { name: 'Start the stream' }).click();
  await owner.getByText('Records leave by this stream from now on.').waitFor();
  await owner.getByRole('button', { name: 'Send a test' }).click();
  for (let tried = 0; tried < 100 && !arrived.some(({ body }) => body.type === 'audit.test'); tried += 1) {
    await owner.waitForTimeout(200);
  }
  const found = arrived.find(({ body }) => body.type === 'audit.test');
  assert.match(found?.headers['webhook-signature'] ?? '', /^v1,/);
});
