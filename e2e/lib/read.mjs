// Reading a page the way its headings and tables lay it out.

/** The panel with this heading. */
export function panel(page, name) {
  return page.getByRole('region', { name, exact: true });
}

/** The rows of a table, each as the texts of its cells with the line breaks between their parts kept. */
export async function rows(within) {
  const cells = (row) => row.locator('td').allInnerTexts();
  const all = await within.locator('tbody tr').all();
  return Promise.all(all.map(async (row) => (await cells(row)).map(tidy)));
}

/** A text with each run of blanks as one space, and each run of line breaks as one. */
export function tidy(text) {
  return text
    .replace(/[ \t]+/g, ' ')
    .replace(/\s*\n\s*/g, '\n')
    .trim();
}

/** A day as the pages write it, in UTC: `29 November 2026`. */
export function day(date) {
  const options = { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' };
  return date.toLocaleDateString('en-GB', options);
}

/** The day so many days from another. */
export function later(date, days) {
  return new Date(date.getTime() + days * 86_400_000);
}

/** The addresses that the navigation offers. */
export function navigation(page) {
  const links = page.locator('nav[aria-label="Main"] a');
  return links.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
}

/**
 * Method and path of every route that the server has, as its access table lists them. The page has to be that of somebody
 * who may read the table.
 */
export async function routesOf(page) {
  await page.goto('/access');
  const cells = await page.locator('#routes tr td:first-child').all();
  const texts = (cell) => Promise.all([cell.locator('.method').innerText(), cell.locator('code').innerText()]);
  return Promise.all(cells.map(texts));
}

/** What an address of a route looks like: a name in braces stands for one part of it. */
export function shapeOfRoute(path) {
  return new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`);
}

/** Opens the fold that holds an element, unless it is open. */
export async function unfold(page, inside) {
  const fold = page.locator('details', { has: page.locator(inside) });
  if ((await fold.getAttribute('open')) === null) await fold.locator('summary').click();
}
