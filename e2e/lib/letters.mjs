/** Letters of a demonstration, as its mailbox shows them. */

/** The text of the newest letter to an address whose subject begins like this; it arrives within a second or so. */
export async function letterTo(page, address, subject, tries = 50) {
  for (let tried = 0; tried < tries; tried += 1) {
    await page.goto('/mailbox');
    const row = page.getByRole('row').filter({ hasText: address }).filter({ hasText: subject }).first();
    if ((await row.count()) > 0) {
      await row.getByRole('link').click();
      await page.getByText('Message-ID').waitFor();
      return page.locator('.letter').first().innerText();
    }
    await page.waitForTimeout(200);
  }
  throw new Error(`no letter to ${address} about ${subject} arrived`);
}

/** Reads the code in the letter that names the digest which the page shows. */
export async function codeFor(reader, address, digest) {
  for (let tried = 0; tried < 50; tried += 1) {
    const letter = await letterTo(reader, address, 'Your code for');
    if (letter.includes(digest)) return letter.match(/\b(\d{4} \d{4})\b/)[1];
    await reader.waitForTimeout(200);
  }
  throw new Error(`no letter with the digest ${digest} arrived`);
}

/** The digest on the page that asks for the code. */
export async function digestOf(page) {
  await page.getByRole('heading', { level: 1, name: 'Confirm with a code' }).waitFor();
  return (await page.locator('section.confirm code').innerText()).replace('…', '').trim();
}
