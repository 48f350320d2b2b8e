// A receiver of webhooks, for the tests of crates/stream: it checks every request with the library that the authors of Standard
// Webhooks publish, and answers 204, or 401 where that refuses.
//
//   node e2e/peers/webhook_receiver.mjs whsec_SECRET
//
// Writes one JSON object a line: first `{ port }`, then for each request `{ id, payload }` or `{ id, refused }`. It ends with its
// standard input, so that no test leaves it behind.

import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.argv[2]);
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const id = request.headers['webhook-id'] ?? null;
    try {
      const payload = webhook.verify(Buffer.concat(parts).toString('utf8'), request.headers);
      response.writeHead(204).end();
      say({ id, payload });
    } catch (error) {
      response.writeHead(401).end();
      say({ id, refused: error.message });
    }
  });
});
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
