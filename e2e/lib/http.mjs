// Requests without a browser: exactly the headers that a test names, and no redirect followed.

import { request } from 'node:http';

/**
 * Sends one request to the demo: `send(demo, '/users', { method, headers, cookie, form })`.
 *
 * Resolves to `{ status, headers, body }`.
 */
export function send(demo, path, { method = 'GET', headers = {}, cookie, form } = {}) {
  const body = form && new URLSearchParams(form).toString();
  const all = { ...headers };
  if (cookie) all.cookie = cookie;
  if (body !== undefined) {
    all['content-type'] ??= 'application/x-www-form-urlencoded';
    all['content-length'] = Buffer.byteLength(body);
  }
  return new Promise((resolve, reject) => {
    const sent = request(`${demo.url}${path}`, { method, headers: all }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        resolve({ status: answer.statusCode, headers: answer.headers, body: text });
      });
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What a page's cookies are as a `Cookie` header, to send them again from elsewhere. */
export async function cookiesOf(page) {
  const cookies = await page.context().cookies();
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

/** The session cookie of a page, with its flags as the browser keeps them. */
export async function sessionOf(page) {
  const cookies = await page.context().cookies();
  return cookies.find(({ name }) => name === '__Host-bailiwick');
}

/** The token that the forms of a page carry. */
export function csrfOf(page) {
  return page.locator('input[name="csrf"]').first().getAttribute('value');
}
