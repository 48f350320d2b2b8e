// No page leads to a dead end: every link opens and every form has somewhere to go.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../lib/browser.mjs';
import { sharedDemo } from '../lib/demo.mjs';
import { cookiesOf, send } from '../lib/http.mjs';
import { routesOf, shapeOfRoute } from '../lib/read.mjs';
import { signIn } from '../lib/session.mjs';

const demo = sharedDemo();

/** Addresses that differ only in ids and filters count as one. */
function shapeOf(address) {
  const [path, query = ''] = address.split('?');
  const names = [...new URLSearchParams(query).keys()].sort().join('&');
  return `${path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}').replace(/entities\/\w+/, 'entities/{type}')}?${names}`;
}

function linksOf(body) {
  const found = [...body.matchAll(/<(?:a|link|script|img|use)\b[^>]*?\b(?:href|src)="(\/[^"]*)/g)];
  // An ampersand first: as a number it has the sign in it that a fragment begins with.
  return found.map(([, address]) => address.replace(/&(?:amp|#38);/g, '&').split('#')[0]);
}

function formsOf(body) {
  return [...body.matchAll(/<form\b[^>]*>/g)].map(([tag]) => ({
    method: (tag.match(/\bmethod="(\w+)"/)?.[1] ?? 'get').toUpperCase(),
    path: tag.match(/\baction="([^"?]*)/)?.[1],
  }));
}

/** Opens everything that can be reached by links; answers with what refused, and with the forms on the way. */
async function crawl(cookie) {
  const dead = [];
  const forms = new Map();
  const seen = new Set();
  const waiting = [['/security', '(start)']];
  while (waiting.length > 0) {
    const [address, from] = waiting.shift();
    const shape = shapeOf(address);
    if (seen.has(shape)) continue;
    seen.add(shape);
    const answer = await send(demo, address, { cookie });
    if (answer.status === 303 && address === '/') continue;
    if (answer.status !== 200) dead.push(`${answer.status} ${address} on ${from}`);
    if (!answer.headers['content-type']?.startsWith('text/html')) continue;
    for (const form of formsOf(answer.body)) forms.set(`${form.method} ${shapeOf(form.path)}`, { ...form, from: address });
    for (const link of linksOf(answer.body)) waiting.push([link, address]);
  }
  return { dead, forms: [...forms.values()], opened: seen.size };
}

/** Method and form of every route that the server has. */
async function routes(t) {
  const page = await openPage(t, demo);
  await signIn(page, demo, 'owner');
  return (await routesOf(page)).map(([method, path]) => [method, shapeOfRoute(path)]);
}

for (const who of ['owner', 'auditor', 'operations manager', 'platform operator']) {
  test(`${who} follows every link and finds a page`, async (t) => {
    const known = await routes(t);
    const page = await openPage(t, demo);
    await signIn(page, demo, who);
    const { dead, forms, opened } = await crawl(await cookiesOf(page));
    assert.ok(opened > 20, `only ${opened} addresses were found`);
    assert.deepEqual(dead, []);
    const lost = forms.filter(({ method, path }) => !known.some(([verb, form]) => verb === method && form.test(path)));
    assert.deepEqual(lost, [], 'each form is sent to a route');
  });
}
