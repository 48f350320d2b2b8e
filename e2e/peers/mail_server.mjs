// A mail server of another make, for the tests of crates/mail: STARTTLS or TLS from the first byte, and a sign-in without
// which nothing is taken.
//
//   node e2e/peers/mail_server.mjs starttls|implicit KEY.pem CERTIFICATE.pem USER PASSWORD
//
// Writes one JSON object a line: first `{ port }`, then each letter `{ from, to, secure, user, raw }`. It ends with its
// standard input, so that no test leaves it behind.

import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';

const [mode, key, cert, user, password] = process.argv.slice(2);
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

/** An answer with this code. */
function refusal(code, text) {
  return Object.assign(new Error(text), { responseCode: code });
}

const server = new SMTPServer({
  secure: mode === 'implicit',
  key: readFileSync(key),
  cert: readFileSync(cert),
  authMethods: ['PLAIN', 'LOGIN'],
  onAuth(auth, _session, done) {
    const known = auth.username === user && auth.password === password;
    if (known) done(null, { user });
    else done(refusal(535, 'unknown'));
  },
  onRcptTo({ address }, _session, done) {
    if (address.endsWith('@refused.example')) done(refusal(550, 'no such mailbox'));
    else if (address.endsWith('@later.example')) done(refusal(450, 'come back later'));
    else done();
  },
  onData(stream, session, done) {
    const parts = [];
    stream.on('data', (part) => parts.push(part));
    stream.on('end', () => {
      const { mailFrom, rcptTo } = session.envelope;
      say({
        from: mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        secure: session.secure,
        user: session.user ?? null,
        raw: Buffer.concat(parts).toString('utf8'),
      });
      done();
    });
  },
});
// A client that turns away from the certificate is no fault of the server.
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => say({ port: server.server.address().port }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
