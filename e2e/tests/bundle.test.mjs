// An evidence bundle: taken along from the product, opened from a disk, checked there, and tampered with.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { openPage } from '../lib/browser.mjs';
import { binary, fileDemo } from '../lib/demo.mjs';
import { lookAround } from '../lib/look.mjs';
import { signIn } from '../lib/session.mjs';

const PROOF = new URL('../../crates/proof/', import.meta.url);
const OPEN = '<script type="application/json" id="bundle">';
const CLOSE = '</script>';

const vector = (name) => readFileSync(new URL(`tests/vectors/${name}`, PROOF), 'utf8');
const folder = mkdtempSync(path.join(tmpdir(), 'bundle-'));

/** The page's own script, without a page. */
function script() {
  const sources = ['hash', 'curve', 'check', 'show'].map((name) => readFileSync(new URL(`src/bundle/page/${name}.js`, PROOF), 'utf8'));
  const names = 'sha256, sha512, hmac256, hexOf, toBase64, fromBase64, signed, readKey, readNote, isSignedBy, cosigned, leafHash, apart, check, gathered, pointFrom, pointOut, times, littleEndian, BASE, ORDER, P';
  return runInNewContext(`${sources.join('')};({ ${names} })`, { TextEncoder });
}

/** The file with its data changed. */
function changed(file, change) {
  const start = file.indexOf(OPEN) + OPEN.length;
  const end = file.indexOf(CLOSE, start);
  const data = JSON.parse(file.slice(start, end));
  const text = JSON.stringify(change(data) ?? data).replaceAll('<', '\\u003c');
  return file.slice(0, start) + text + file.slice(end);
}

const changedOctets = (data, at, from, to) => {
  assert.ok(data.records[at].octets.includes(from), data.records[at].octets);
  data.records[at].octets = data.records[at].octets.replace(from, to);
};

let serial = 0;
async function openFile(t, demo, text, options) {
  const name = path.join(folder, `bundle-${(serial += 1)}.html`);
  writeFileSync(name, text);
  const page = await openPage(t, demo, options);
  await page.goto(pathToFileURL(name).href);
  await page.locator('#unchecked').waitFor({ state: 'hidden' });
  return page;
}

async function checkedWith(page, key) {
  await page.locator('#key').fill(key);
  await page.getByRole('button', { name: 'Check with this key' }).click();
}

const verdict = (page) => page.locator('#verdict').innerText();
const badges = async (page) => [...new Set(await page.locator('#list summary .badge').allInnerTexts())];

test('script of the page hashes and checks signatures as others do', () => {
  const own = script();
  for (let length = 0; length < 300; length += 1) {
    const octets = randomBytes(length);
    const key = randomBytes(length % 80);
    assert.equal(own.hexOf(own.sha256(octets)), createHash('sha256').update(octets).digest('hex'));
    assert.equal(own.hexOf(own.sha512(octets)), createHash('sha512').update(octets).digest('hex'));
    assert.equal(own.hexOf(own.hmac256(key, octets)), createHmac('sha256', key).update(octets).digest('hex'));
    assert.equal(own.toBase64(octets), octets.toString('base64'));
    assert.deepEqual(Buffer.from(own.fromBase64(octets.toString('base64'))), octets);
  }
  for (const text of ['A', 'AA', 'AB==', 'AAB=', 'A=A=', 'AA=A', '====', 'AAA\n']) assert.equal(own.fromBase64(text), null, text);
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  for (let length = 0; length < 8; length += 1) {
    const message = randomBytes(length * 37);
    const signature = sign(null, message, privateKey);
    assert.equal(own.signed(key, message, signature), true);
    for (const at of [0, 31, 32, 63]) {
      const other = Buffer.from(signature);
      other[at] ^= 1;
      assert.equal(own.signed(key, message, other), false, `octet ${at}`);
    }
    assert.equal(own.signed(key, Buffer.concat([message, Buffer.from([0])]), signature), false);
  }
  // Points of small order would take any signature of all zeros (RFC 8032, section 8.9 and others).
  for (const weak of ['01', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', '00']) {
    assert.equal(own.signed(Buffer.from(weak.padEnd(64, '0'), 'hex'), Buffer.from('x'), Buffer.alloc(64)), false, weak);
  }
});

test('script of the page takes one spelling of a signature, and no point that any signature fits', () => {
  const own = script();
  const octets = (n) => Buffer.from(Array.from({ length: 32 }, (_, at) => Number((n >> BigInt(8 * at)) & 255n)));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const message = Buffer.from('a message');
  const signature = sign(null, message, privateKey);
  const [r, s] = [signature.subarray(0, 32), own.littleEndian(signature.subarray(32))];
  assert.equal(own.signed(key, message, Buffer.concat([r, octets(s)])), true);
  assert.equal(own.signed(key, message, Buffer.concat([r, octets(s + own.ORDER)])), false, 'S + L fits the same equation');
  // With the identity as the key, R = S·B fits every message.
  const identity = octets(1n);
  const any = Buffer.from(own.pointOut(own.times(own.BASE, 7n)));
  assert.equal(own.signed(identity, message, Buffer.concat([any, octets(7n)])), false, 'a key of small order');
  assert.equal(own.signed(identity, message, Buffer.concat([identity, octets(0n)])), false, 'key and R of small order');
  // With the identity as R, S = k·a fits: whoever holds the key could make it, and no other verifier would have to take it.
  const holder = Buffer.from(own.pointOut(own.times(own.BASE, 5n)));
  const k = own.littleEndian(createHash('sha512').update(Buffer.concat([identity, holder, message])).digest());
  assert.equal(own.signed(holder, message, Buffer.concat([identity, octets((k * 5n) % own.ORDER)])), false, 'R of small order');
  const k7 = own.littleEndian(createHash('sha512').update(Buffer.concat([any, holder, message])).digest());
  assert.equal(own.signed(holder, message, Buffer.concat([any, octets((7n + k7 * 5n) % own.ORDER)])), true, 'the same with another R');
  // A coordinate has one spelling, although 19 more would fit into the octets.
  let points = 0;
  for (let y = 0n; y < 19n; y += 1n) {
    if (own.pointFrom(octets(y)) !== null) points += 1;
    assert.equal(own.pointFrom(octets(own.P + y)), null, `p + ${y}`);
  }
  assert.ok(points > 5, String(points));
});

const TENANTS = ['01930000-0000-7000-8000-00000000000a', '01930000-0000-7000-8000-00000000000b'];
const LOG = `bailiwick.example/tenant/${TENANTS[0]}`;

/** A bundle of a log of one record, with whatever the log's own key would sign. */
function handMade(own, { log = LOG, octets, list = (text) => text } = {}) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const typed = Buffer.concat([Buffer.from([1]), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)]);
  const id = createHash('sha256').update('bailiwick.example\n').update(typed).digest().subarray(0, 4);
  const note = (text) => `${text}\n\u2014 bailiwick.example ${Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString('base64')}\n`;
  const event = { action: 'user.created', changes: [], source: { ip: null }, tenant: TENANTS[0], v: 1 };
  const record = octets ?? JSON.stringify(event);
  const root = createHash('sha256').update(Buffer.from([0])).update(record).digest('base64');
  const manifest = list(`bailiwick-bundle/v1\nlog ${log}\ntree 1 ${root}\nmade 2026-01-02T03:04:05.000006Z\nof search after:7d\nas Australia/Sydney after:2025-12-26T03:04:05Z\npage ${root}\nrecords 1\n0 ${root}\n`);
  const key = `bailiwick.example+${id.toString('hex')}+${typed.toString('base64')}`;
  const data = { format: 'bailiwick-bundle/v1', keys: [key], witnesses: [], manifest: note(manifest), checkpoint: note(`${log}\n1\n${root}\n`), nodes: '', records: [{ octets: record }] };
  return { data, key: own.readKey(key, 1), event };
}

test('script of the page says what the key of a log signed wrongly, and what its reader asked for', () => {
  const own = script();
  const kinds = ({ data, key }, witnesses = [], log = '') => [...own.check(data, [key], witnesses, null, log).findings].map(({ kind }) => kind);
  const good = handMade(own);
  assert.deepEqual(kinds(good), []);
  const { manifest } = own.check(good.data, [good.key], [], null);
  assert.deepEqual([manifest.search, manifest.zone, manifest.meant], ['after:7d', 'Australia/Sydney', 'after:2025-12-26T03:04:05Z']);
  assert.deepEqual(kinds(handMade(own, { octets: JSON.stringify({ ...good.event, tenant: TENANTS[1] }) })), ['event'], 'of another tenant');
  for (const octets of ['x', '[]', JSON.stringify({ ...good.event, v: 2 })]) assert.deepEqual(kinds(handMade(own, { octets })), ['event'], octets);
  for (const log of ['bailiwick.example/heads', 'bailiwick.example', `${LOG}/epoch/1`, LOG.slice(0, -1)]) assert.deepEqual(kinds(handMade(own, { log })), ['tenant'], log);
  for (const [from, to] of [['as Australia/Sydney after:2025-12-26T03:04:05Z\n', ''], ['as Australia', 'as  Australia'], ['as Australia/Sydney after', 'as after']]) {
    assert.deepEqual(kinds(handMade(own, { list: (text) => text.replace(from, to) })), ['manifest'], `${from}: ${to}`);
  }
  // Whoever names a witness or a log asks for it.
  const witness = own.readKey(JSON.parse(vector('receipt-v1.json')).witness_key, 4);
  assert.deepEqual(kinds(good, [witness]), ['uncosigned']);
  const later = handMade(own, { log: `${LOG}/epoch/2` });
  assert.deepEqual([kinds(good, [], LOG), kinds(later, [], LOG), kinds(later, [], `${LOG}/epoch/2`)], [[], [], []]);
  for (const log of [`bailiwick.example/tenant/${TENANTS[1]}`, LOG.slice(0, -1), `${LOG}/epoch/2`]) assert.deepEqual(kinds(good, [], log), ['log'], log);
});

test('script of the page reads no file as another one than the program does', () => {
  const own = script();
  const shaped = (change) => {
    const { data, key } = handMade(own);
    change(data);
    return [...own.check(data, [key], [], null).findings].map(({ kind }) => kind);
  };
  const opening = { commit: '00'.repeat(32), salt: '00'.repeat(16), value: 1 };
  for (const change of [
    (data) => { data.more = 1; },
    (data) => { data.records[0].more = 1; },
    (data) => { data.records[0].disclosed = null; },
    (data) => { data.records[0].disclosed = [{ ...opening, more: 1 }]; },
    (data) => { data.records[0].disclosed = [{ commit: opening.commit, salt: opening.salt }]; },
    (data) => { data.records[0].octets += '\ud800'; },
    (data) => { data.keys[0] += ' '; },
    (data) => { data.witnesses = ['x']; },
  ]) assert.deepEqual(shaped(change), ['shape'], String(change));
  assert.deepEqual(shaped((data) => { data.manifest = data.manifest.replace('after:7d', '\udc00'); }), ['signature']);
  assert.deepEqual(shaped((data) => { data.checkpoint += '\u2014 x AAAAAAA= \ud800\n'; }), ['checkpoint']);
  const { data } = handMade(own);
  data.records[0].disclosed = [{ ...opening, value: { a: [10, -3, 'x", 1.5, "a": 1e3 \\'], 'a"': 1 } }];
  const read = (from, to) => own.apart(`${OPEN}${JSON.stringify(data).replace(from, to)}${CLOSE}`);
  assert.notEqual(read('', ''), null);
  for (const [from, to] of [['[10', '[1.0'], ['[10', '[1e1'], ['[10', '[1E1'], ['"format"', '"nodes":"","format"'], ['{"octets"', '{"octets":"","octets"'], ['"salt"', '"\\u0073alt":"","salt"']]) {
    assert.ok(JSON.stringify(data).includes(from), from);
    assert.equal(read(from, to), null, to);
  }
  assert.notEqual(read('"a":[', '"a":1,"a":['), null, 'what a value says twice is for the commitment to tell');
});

test('script of the page says an id once where things of several kinds have it', () => {
  const { gathered } = script();
  const [a, b] = TENANTS;
  for (const [line, said] of [
    [`entity:(user/${a}|password/${a}|team/${a}) after:2026-01-02T03:04:05Z`, `entity:(user|password|team)/${a} after:2026-01-02T03:04:05Z`],
    [`-entity:(user/${a}|team/${a}|user/${b}|team/${b})`, `-entity:((user|team)/${a}|(user|team)/${b})`],
    [`entity:(user/${a}|user/${b})`, `entity:(user/${a}|user/${b})`],
    [`entity:(role/|user/${a}|team/${a})`, `entity:(role/|(user|team)/${a})`],
    [`entity:${a} outcome:ok`, `entity:${a} outcome:ok`],
  ]) assert.equal(gathered(line), said);
});

test('script of the page agrees with the vectors of the verifier', () => {
  const own = script();
  const vectors = JSON.parse(vector('receipt-v1.json'));
  const log = own.readKey(vectors.log_key, 1);
  const witness = own.readKey(vectors.witness_key, 4);
  assert.equal(own.readKey(vectors.witness_key, 1), null, 'a witness is no log');
  for (const name of ['receipt', 'head_receipt']) {
    const note = own.readNote(vectors[name].slice(vectors[name].indexOf('\n\n') + 2));
    assert.equal(own.isSignedBy(note, [log]), true, name);
    assert.deepEqual([...own.cosigned(note, [witness])].map(({ seconds }) => seconds), [vectors.cosigned_at]);
    assert.equal(own.isSignedBy({ ...note, text: `${note.text}x\n` }, [log]), false);
  }
  const whole = JSON.parse(vector('log-v1.json'));
  const checkpoint = own.readNote(whole.checkpoint);
  assert.equal(checkpoint.lines.length, 1);
  const { data, page } = own.apart(vector('bundle-v1.html'));
  const result = own.check(data, [log], [witness], page);
  assert.deepEqual([...result.findings], []);
  assert.deepEqual([result.disclosed, result.hidden, result.cosigned.length], [3, 8, 1]);
  assert.ok(result.records.every(({ state }) => state === 'verified'));
  const kinds = (change) => {
    const other = structuredClone(data);
    change(other);
    return own.check(other, [log], [witness], page).findings.map(({ kind }) => kind);
  };
  assert.deepEqual([...kinds((other) => other.records.pop())], ['removed', 'gap']);
  assert.deepEqual([...kinds((other) => { other.records[1].disclosed[0].value = 'Oliver'; })], ['disclosed']);
  assert.deepEqual([...kinds((other) => { other.nodes = `AAAA${other.nodes.slice(4)}`; })], ['proof']);
});

test('auditor hands a bundle to a stranger, who checks it from a disk', async (t) => {
  const demo = await fileDemo();
  const page = await openPage(t, demo);
  await signIn(page, demo, 'auditor');

  let file;
  let key;
  let log;
  await t.test('auditor takes the records of a search along', async () => {
    await page.goto('/audit?outcome=ok');
    await page.getByRole('link', { name: 'Evidence bundle' }).click();
    await page.waitForURL('**/audit/bundle?**');
    key = (await page.locator('#bundle-key').innerText()).trim();
    log = (await page.locator('#bundle-log').innerText()).trim();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Make bundle' }).click()]);
    assert.match(download.suggestedFilename(), /^evidence-\d{8}T\d{6}Z\.html$/);
    file = readFileSync(await download.path(), 'utf8');
    assert.equal(await page.locator('.btn[data-busy]').count(), 0, 'the page stays, and its button with it');
  });

  await t.test('stranger opens it from a disk, and believes it by the key they know alone', async (t) => {
    const bundle = await openFile(t, demo, file);
    assert.equal(await verdict(bundle), 'Fits its own key only');
    assert.match(await bundle.locator('body').innerText(), /A key inside this file proves nothing by itself/);
    assert.deepEqual(await badges(bundle), ['Fits'], 'no record is verified before the whole is');
    assert.equal(await bundle.locator('#list .badge.ok').count(), 0);
    await checkedWith(bundle, 'something');
    await bundle.getByText('This is not a whole key').waitFor();
    await checkedWith(bundle, key);
    assert.equal(await verdict(bundle), 'Verified');
    // Whose log it is follows from its name alone, since one key signs all.
    await bundle.locator('#log').fill(log.replace(/.$/, (last) => (last === '0' ? '1' : '0')));
    await checkedWith(bundle, key);
    assert.equal(await verdict(bundle), 'Does not verify');
    assert.match(await bundle.locator('#findings').innerText(), /another log than the one you named/);
    assert.deepEqual(await badges(bundle), ['Fits']);
    await bundle.locator('#log').fill(log);
    await checkedWith(bundle, key);
    assert.equal(await verdict(bundle), 'Verified');
    assert.match(await bundle.locator('#sentence').innerText(), new RegExp(log));
    assert.deepEqual(await badges(bundle), ['Verified']);
    assert.match(await bundle.locator('#facts').innerText(), /Which meant\s+outcome:ok \(clocks of /);
    const witness = JSON.parse(vector('receipt-v1.json')).witness_key;
    await checkedWith(bundle, `${key}\n${witness}`);
    assert.match(await bundle.locator('#findings').innerText(), /has not cosigned the checkpoint/);
    await checkedWith(bundle, key);
    const all = Number(await bundle.locator('#count').innerText());
    assert.ok(all > 10, String(all));
    await bundle.locator('#q').fill('user.role_changed');
    await bundle.locator('#count', { hasText: ' of ' }).waitFor();
    const found = await bundle.locator('#list details').count();
    assert.ok(found > 0 && found < all, `${found} of ${all}`);
    await bundle.locator('#list summary').first().click();
    const opened = bundle.locator('#list details[open]');
    // What is inside is written when it is opened.
    await opened.getByText('Hidden: a personal value').first().waitFor();
    assert.equal(await opened.locator('.badge').innerText(), 'Verified');
    await lookAround(bundle, 'bundle');
  });

  await t.test('stranger without a browser checks the same file', () => {
    const name = path.join(folder, 'bundle.html');
    writeFileSync(name, file);
    const said = execFileSync(binary(), ['audit', 'verify', name, '--key', key], { encoding: 'utf8', cwd: folder });
    assert.match(said, /The bundle is whole: \d+ records, each in the log of the tenant [0-9a-f-]{36}\./);
  });

  await t.test('stranger sees whatever was done to the file', async (t) => {
    const foreign = JSON.parse(vector('receipt-v1.json')).log_key;
    const tampered = [
      ['changed', (data) => changedOctets(data, 3, '"outcome":"ok"', '"outcome":"no"'), /Record 4 was changed/],
      ['removed', (data) => void data.records.splice(2, 1), /A record was removed/],
      ['moved', (data) => void data.records.splice(1, 0, data.records.splice(5, 1)[0]), /Record 2 was moved/],
      ['inserted', (data) => void data.records.splice(4, 0, { octets: '{"action":"user.invented"}' }), /Record 5 was inserted/],
      ['another list', (data) => void (data.manifest = data.manifest.replace('records ', 'records 1')), /list of records is not signed by this key/],
      ['another checkpoint', (data) => void (data.checkpoint = data.checkpoint.replace(/\n(\d+)\n/, '\n1$1\n')), /checkpoint is not signed by this key/],
      ['another proof', (data) => void (data.nodes = randomBytes(32 * 5).toString('base64')), /proof does not lead/],
    ];
    for (const [name, change, said] of tampered) {
      const text = changed(file, change);
      const bundle = await openFile(t, demo, text);
      await checkedWith(bundle, key);
      assert.equal(await verdict(bundle), 'Does not verify', name);
      assert.match(await bundle.locator('#findings').innerText(), said, name);
      assert.ok(!(await badges(bundle)).includes('Verified'), name);
      const onDisk = path.join(folder, 'tampered.html');
      writeFileSync(onDisk, text);
      assert.throws(() => execFileSync(binary(), ['audit', 'verify', onDisk, '--key', key], { cwd: folder, stdio: 'pipe' }), { status: 1 }, name);
    }
    const bundle = await openFile(t, demo, file);
    await checkedWith(bundle, foreign);
    assert.equal(await verdict(bundle), 'Does not verify', 'under the key of another log');
  });

  await t.test('stranger who got a damaged file is told so, wherever the damage is', async (t) => {
    const data = file.indexOf(OPEN) + OPEN.length;
    const silent = [
      ['cut off within the records', file.slice(0, data + 300)],
      ['cut off behind them', file.slice(0, file.indexOf('id="verdict"'))],
      ['cut off within the script', file.slice(0, -5000)],
      ['another script than the one that is allowed', file.replace('const MOST_RECORDS = 10000;', 'const MOST_RECORDS = 10001;')],
    ];
    for (const [name, text] of silent) {
      assert.notEqual(text, file, name);
      const onDisk = path.join(folder, 'damaged.html');
      writeFileSync(onDisk, text);
      // A browser says that it runs no script whose hash is another one.
      const bundle = await openPage(t, demo, { calm: false });
      await bundle.goto(pathToFileURL(onDisk).href);
      await bundle.getByText('Nothing in this file was checked.').waitFor();
      assert.doesNotMatch(await bundle.locator('body').innerText(), /being checked|Verified/, name);
    }
    for (const [name, text] of [
      ['no JSON', file.replace(OPEN, `${OPEN}x`)],
      ['records cut out', file.slice(0, data + 300) + file.slice(file.indexOf(CLOSE, data))],
      ['no block', file.replace('id="bundle"', 'id="x"')],
    ]) {
      const bundle = await openFile(t, demo, text);
      assert.equal(await verdict(bundle), 'Damaged', name);
      assert.match(await bundle.locator('#sentence').innerText(), /^This file is damaged/, name);
      assert.match(await bundle.locator('#findings').innerText(), /Get the file again/, name);
    }
  });

  await t.test('stranger opens another file in a page that they trust', async (t) => {
    const bundle = await openFile(t, demo, file);
    await checkedWith(bundle, key);
    const name = path.join(folder, 'other.html');
    writeFileSync(name, file.replace('Does not verify', 'Verified'));
    await bundle.locator('#other').setInputFiles(name);
    await bundle.getByText('The page around the records was changed').waitFor();
    assert.equal(await verdict(bundle), 'Does not verify');
  });

  await t.test('auditor shows some values of a history, and hostile ones stay text', async (t) => {
    await page.goto('/audit?action=user.role_changed');
    await page.locator('td[data-label="On"] a').first().click();
    await page.getByRole('link', { name: 'Evidence bundle' }).click();
    await page.locator('#disclose').fill('/email');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Make bundle' }).click()]);
    const history = readFileSync(await download.path(), 'utf8');
    const bundle = await openFile(t, demo, history);
    await checkedWith(bundle, key);
    assert.equal(await verdict(bundle), 'Verified');
    assert.match(await bundle.locator('#facts').innerText(), /History of\s+user .*, revisions 1 to \d+/s);
    assert.match(await bundle.locator('#facts').innerText(), /[1-9]\d* disclosed, [1-9]\d* hidden/);
    await bundle.locator('#q').fill('@example.com');
    await bundle.locator('#list summary').first().click();
    const opened = bundle.locator('#list details[open]');
    // What is inside is written after it is opened, when the browser says so.
    await opened.locator('.inner').waitFor();
    assert.match(await opened.innerText(), /@example\.com\s+\(disclosed; it is the recorded value\)/);
    assert.match(await opened.innerText(), /Hidden: a personal value/);
    // What a record says is text, whatever it says: the bundle of another maker holds markup in every place.
    const hostile = await openFile(t, demo, changed(file, () => JSON.parse(vector('bundle-v1.html').split(OPEN)[1].split(CLOSE)[0])));
    await hostile.locator('#list summary').first().click();
    await hostile.locator('#list details[open] .inner').waitFor();
    assert.match(await hostile.locator('#list details[open]').innerText(), /<\/script><script>alert\(1\)<\/script>/);
    assert.equal(await hostile.locator('#list script, #list b').count(), 0);
    assert.match(await hostile.locator('#verdict').innerText(), /Fits its own key only/);
  });
});
