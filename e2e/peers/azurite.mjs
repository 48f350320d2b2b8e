// Azure Blob Storage as Azurite plays it, for the tests of crates/objects and of the archive: a service with one account, the one that
// everybody knows, and one container.
//
//   node e2e/peers/azurite.mjs CONTAINER
//
// Keeps everything in memory. Writes `{ port, account, key }` as one line of JSON once the container is there. It ends with its standard
// input, so that no test leaves it behind.

import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

// The account that Azurite makes (learn.microsoft.com, "Use the Azurite emulator").
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const VERSION = '2023-11-03';

const container = process.argv[2];
process.argv.splice(2, Infinity, '--blobHost', '127.0.0.1', '--blobPort', '0', '--inMemoryPersistence', '--disableTelemetry', '--skipApiVersionCheck', '--silent');
const port = new Promise((resolve) => {
  // It says its port here and nowhere else.
  console.log = (line) => {
    const said = /successfully listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (said) resolve(Number(said[1]));
  };
});
createRequire(import.meta.url)('azurite/dist/src/blob/main.js');
await make(await port);
process.stdout.write(`${JSON.stringify({ port: await port, account: ACCOUNT, key: KEY })}\n`);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));

/** Makes the container, in a request signed with the account's key. */
async function make(at) {
  const date = new Date().toUTCString();
  const headers = { 'x-ms-date': date, 'x-ms-version': VERSION };
  const named = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`).join('');
  // Eleven headers that are not sent stand between the method and the signed ones.
  const signed = `PUT${'\n'.repeat(12)}${named}/${ACCOUNT}/${ACCOUNT}/${container}\nrestype:container`;
  const signature = createHmac('sha256', Buffer.from(KEY, 'base64')).update(signed).digest('base64');
  const answer = await fetch(`http://127.0.0.1:${at}/${ACCOUNT}/${container}?restype=container`, {
    method: 'PUT',
    headers: { ...headers, authorization: `SharedKey ${ACCOUNT}:${signature}` },
  });
  if (answer.status !== 201) throw new Error(`no container: ${answer.status} ${await answer.text()}`);
}
