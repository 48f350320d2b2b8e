// What a page looks like, to assistive technology and to people.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { MATRIX, beyondPanels, overflows, setTheme, setWidth } from './browser.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The debugging session of each page that axe-core has looked at. */
const sessions = new WeakMap();

/**
 * Fails unless axe-core finds nothing.
 *
 * It runs in a world of its own beside the page's scripts, where the page's content security policy does not reach:
 * the page under test keeps its policy, and none of its names are touched.
 */
export async function axeCheck(page) {
  assert.ok(page.javaScript, 'axe-core runs only in a page with JavaScript');
  const evaluate = await worldOf(page);
  if ((await evaluate('typeof axe')) === 'undefined') await evaluate(`${AXE};void 0`);
  const { violations, passes } = await evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => ({ violations, passes: passes.length }))",
  );
  assert.ok(passes > 0, `axe-core looked at nothing on ${page.url()}`);
  assert.equal(violations.length, 0, `${page.url()}\n${violations.map(describe).join('\n')}`);
}

/** Evaluates expressions in the page's world for axe-core, which lasts until the page leads elsewhere. */
async function worldOf(page) {
  if (!sessions.has(page)) sessions.set(page, await page.context().newCDPSession(page));
  const session = sessions.get(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const world = { frameId: frameTree.frame.id, worldName: 'axe' };
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', world);
  return async (expression) => {
    const options = { contextId, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, ...options });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
}

/**
 * Looks at the open page in each theme at each width: it fits, nothing reaches beyond its panel, and axe-core finds nothing.
 * Leaves it as wide and as light as it was opened.
 */
export async function lookAround(page, name, looks = MATRIX) {
  for (const { width, theme } of looks) {
    await setWidth(page, width);
    await setTheme(page, theme);
    assert.equal(await overflows(page), false, `${page.url()} is wider than ${width} px`);
    assert.deepEqual(await beyondPanels(page), [], `${page.url()} has elements beyond their panel at ${width} px`);
    await axeCheck(page);
    await shoot(page, `${name}-${width}-${theme}`);
  }
  await setWidth(page, MATRIX[0].width);
  await setTheme(page, MATRIX[0].theme);
}

/** Writes a picture of the whole page into the folder BAILIWICK_SHOTS, when that is set. */
export async function shoot(page, name) {
  const folder = process.env.BAILIWICK_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true, animations: 'disabled' });
}

function describe({ id, help, nodes }) {
  return [`${id}: ${help}`, ...nodes.map((node) => `  ${node.html}\n    ${node.failureSummary}`)].join('\n');
}
