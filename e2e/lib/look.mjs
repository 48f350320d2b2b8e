// What a page looks like, to assistive technology and to people.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * Fails unless axe-core finds nothing.
 *
 * It runs in a world of its own beside the page's scripts, where the page's content security policy does not reach:
 * the page under test keeps its policy, and none of its names are touched.
 */
export async function axeCheck(page) {
  assert.ok(page.javaScript, 'axe-core runs only in a page with JavaScript');
  const session = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await session.send('Page.getFrameTree');
    const { executionContextId } = await session.send('Page.createIsolatedWorld', {
      frameId: frameTree.frame.id,
      worldName: 'axe',
    });
    const evaluate = async (expression) => {
      const options = { contextId: executionContextId, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, ...options });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    await evaluate(`${AXE};void 0`);
    const { violations, passes } = await evaluate(
      'axe.run(document).then(({ violations, passes }) => ({ violations, passes: passes.length }))',
    );
    assert.ok(passes > 0, `axe-core looked at nothing on ${page.url()}`);
    assert.equal(violations.length, 0, `${page.url()}\n${violations.map(describe).join('\n')}`);
  } finally {
    await session.detach();
  }
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
