// Documents, as an owner keeps them: added, read, added to, refused to who may not, deleted with a code.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { fileDemo } from '../lib/demo.mjs';
import { codeFor, digestOf } from '../lib/letters.mjs';
import { lookAround } from '../lib/look.mjs';
import { signIn } from '../lib/session.mjs';

const demo = await fileDemo();

/** Larger than one part, so that several are sent. */
const LARGE = Buffer.from('<script>document.title = "it ran"</script>\n'.repeat(60_000));

test('owner keeps a document, downloads it, adds a version and deletes it with a code', async (t) => {
  const owner = await openPage(t, demo, { acceptDownloads: true });
  const reader = await openPage(t, demo);
  await signIn(owner, demo, 'owner');
  await owner.goto('/documents');
  await owner.getByText('No documents yet').waitFor();
  await owner.getByLabel('File').setInputFiles({ name: 'Plan.html', mimeType: 'text/html', buffer: LARGE });
  await owner.getByRole('button', { name: 'Add document' }).click();
  await owner.getByRole('heading', { level: 1, name: 'Plan.html' }).waitFor();
  const made = new URL(owner.url()).pathname;
  await owner.getByText('text/plain,').waitFor();
  await lookAround(owner, 'document');

  const [download] = await Promise.all([owner.waitForEvent('download'), owner.getByRole('link', { name: 'Download', exact: true }).click()]);
  assert.ok((await readFile(await download.path())).equals(LARGE));
  await owner.getByRole('link', { name: 'Preview' }).click();
  await owner.waitForURL('**/preview');
  assert.notEqual(await owner.title(), 'it ran');

  await owner.goto(made);
  await owner.getByLabel('File').setInputFiles({ name: 'second.txt', mimeType: 'text/plain', buffer: Buffer.from('second') });
  await owner.getByRole('button', { name: 'Add version' }).click();
  await owner.getByRole('heading', { name: 'Version 2' }).waitFor();
  await owner.goto('/documents');
  await lookAround(owner, 'documents');

  const auditor = await openPage(t, demo);
  await signIn(auditor, demo, 'auditor');
  assert.equal((await auditor.goto(made)).status(), 403);
  await auditor.goto('/documents/evidence');
  await lookAround(auditor, 'document-evidence');
  await auditor.getByRole('table').getByRole('link').first().click();
  await auditor.getByText('SHA-256 of the ciphertext').first().waitFor();
  assert.equal(await auditor.getByText('Plan.html').count(), 0);
  assert.equal(await auditor.getByRole('link', { name: 'Download', exact: true }).count(), 0);
  await lookAround(auditor, 'document-evidence-versions');

  await owner.goto(`${made}/delete`);
  await lookAround(owner, 'document-delete');
  await owner.getByRole('button', { name: 'Delete document' }).click();
  const digest = await digestOf(owner);
  await owner.getByLabel('Eight digits').fill(await codeFor(reader, 'owner@example.com', digest));
  await owner.getByRole('button', { name: 'Delete document' }).click();
  await owner.getByText('The document is gone, with all its versions.').waitFor();
  assert.equal((await owner.goto(made)).status(), 404);
});

test('owner without script adds a document and a version in one form each', async (t) => {
  const plain = await openPage(t, demo, { javaScript: false });
  await signIn(plain, demo, 'owner');
  await plain.goto('/documents');
  await plain.getByLabel('Name').fill('Sent at once.txt');
  await plain.getByLabel('File').setInputFiles({ name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.from('first') });
  await plain.getByRole('button', { name: 'Add document' }).click();
  await plain.getByRole('heading', { level: 1, name: 'Sent at once.txt' }).waitFor();
  await plain.getByText('The version is sealed and stored.').waitFor();
  await plain.getByLabel('File').setInputFiles({ name: 'y.txt', mimeType: 'text/plain', buffer: Buffer.from('second') });
  await plain.getByRole('button', { name: 'Add version' }).click();
  await plain.getByRole('heading', { name: 'Version 2' }).waitFor();
  await plain.goto('/documents');
  await plain.getByLabel('File').setInputFiles({ name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.from('') });
  await plain.getByRole('button', { name: 'Add document' }).click();
  await plain.getByText('Choose a file that is not empty.').waitFor();
});
