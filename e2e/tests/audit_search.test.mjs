// Whatever the log's column of entities shows can be looked for by the name that it shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';
import { panel, rows } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = sharedDemo();

test('auditor finds a key, an invitation and a person by what the column shows', async (t) => {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor');
  for (const [entity, action] of [
    ['Reporting integration', 'api_key.created'],
    ['coordinator@example.com', 'user.invited'],
    ['Plan Manager', 'user.created'],
  ]) {
    const answer = await page.goto(`/audit?entity=${encodeURIComponent(entity)}`);
    assert.equal(answer.status(), 200, entity);
    const found = await rows(panel(page, 'Records'));
    assert.ok(found.length > 0 && found.every(([, , on]) => on.startsWith(entity)), `${entity}: ${JSON.stringify(found)}`);
    assert.ok(found.some(([what]) => what.startsWith(action)), `${entity}: ${action}`);
  }
});
