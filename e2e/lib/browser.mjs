// Chromium: one for each test file, a fresh context for each page.

import { existsSync } from 'node:fs';
import { after } from 'node:test';
import { chromium } from 'playwright-core';

/** The sizes and themes in which every page is looked at. */
export const WIDTHS = [1440, 768, 375];
export const THEMES = ['light', 'dark'];
const HEIGHTS = { 1440: 900, 768: 1024, 375: 812 };

/** Each width in each theme, as options of `openPage`. */
export const MATRIX = WIDTHS.flatMap((width) => THEMES.map((theme) => ({ width, theme })));

/** How long a page may take to do what a test waits for. It only ends a test that hangs. */
const PATIENCE_MS = 15_000;

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let launched;
// Said here and not at the launch, where it would bind to the test that happens to be the first.
after(async () => (await launched)?.close());

// Leaving is what stops the browser and the demos at once, even in the middle of a test that hangs.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

/** The browser of this test file; it closes after the last test. */
export function browser() {
  launched ??= chromium.launch({
    executablePath: executable(),
    args: ARGS,
    headless: true,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  return launched;
}

/**
 * A page in a context of its own, closed after test `t`.
 *
 * Options: `width` (1440), `theme` (light), `javaScript` (true), `calm` (true), and Playwright's context options. With
 * `calm` the test fails for any error in the console, any breach of the content security policy, and any request that
 * leaves the demo's own address. `page.noise` lists them.
 */
export async function openPage(t, demo, options = {}) {
  const { width = 1440, theme = 'light', javaScript = true, calm = true, ...rest } = options;
  const context = await (await browser()).newContext({
    baseURL: demo.url,
    viewport: { width, height: HEIGHTS[width] ?? 900 },
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
    javaScriptEnabled: javaScript,
    ...rest,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.javaScript = javaScript;
  page.noise = listen(page, new URL(demo.url).origin);
  t.after(async () => {
    await context.close();
    if (calm && page.noise.length > 0) throw new Error(`the page was not calm:\n${page.noise.join('\n')}`);
  });
  return page;
}

/** Emulates another theme on an open page. */
export async function setTheme(page, theme) {
  await page.emulateMedia({ colorScheme: theme });
}

/** Emulates another width on an open page. */
export async function setWidth(page, width) {
  await page.setViewportSize({ width, height: HEIGHTS[width] ?? 900 });
}

/** Whether the page is wider than its window, which a phone's user notices first. */
export function overflows(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/**
 * The elements that reach beyond the right edge of the panel or card in which they stand, as people see them: what
 * scrolls inside the panel, and what only assistive technology reads, does not count.
 */
export function beyondPanels(page) {
  return page.evaluate(() => {
    const scrolls = (element, panel) => {
      for (let at = element.parentElement; at && at !== panel; at = at.parentElement) {
        if (getComputedStyle(at).overflowX !== 'visible') return true;
      }
      return false;
    };
    const found = [];
    for (const element of document.querySelectorAll(':is(.panel, .card) *')) {
      const panel = element.parentElement.closest('.panel, .card');
      if (element.ownerSVGElement || element.closest('.hidden-text') || !element.checkVisibility()) continue;
      const { right, width } = element.getBoundingClientRect();
      // Half a pixel is rounding.
      if (width === 0 || right <= panel.getBoundingClientRect().right + 0.5 || scrolls(element, panel)) continue;
      found.push(`${element.localName}.${element.getAttribute('class') ?? ''}: ${element.textContent.trim().slice(0, 60)}`);
    }
    return found;
  });
}

function listen(page, origin) {
  const noise = [];
  page.on('console', (message) => {
    // A refused page is the point of many tests; the browser reports its status as an error.
    const isStatus = message.text().startsWith('Failed to load resource: the server responded with a status of');
    if (message.type() === 'error' && !isStatus) noise.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => noise.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const { protocol, origin: target } = new URL(request.url());
    if (protocol.startsWith('http') && target !== origin) noise.push(`request to ${request.url()}`);
  });
  return noise;
}

function executable() {
  const candidates = [
    process.env.BAILIWICK_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  const found = candidates.find((file) => file && existsSync(file));
  if (!found) throw new Error('Chromium is not installed; BAILIWICK_CHROMIUM may name it');
  return found;
}
