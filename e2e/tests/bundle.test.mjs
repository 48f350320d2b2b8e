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
  const names = 'sha256, sha512, hmac256, hexOf, toBase64, fromBase64, signed, readKey, readNote, isSignedBy, cosigned, leafHash, apart, check';
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
  await page.locator('#verdict:not(:text("Not checked yet"))').waitFor();
  return page;
}

async function checkedWith(page, key) {
  await page.locator('#key').fill(key);
  await page.getByRole('button', { name: 'Check with this key' }).click();
}

const verdict = (page) => page.locator('#verdict').innerText();

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
  await t.test('auditor takes the records of a search along', async () => {
    await page.goto('/audit?outcome=ok');
    await page.getByRole('link', { name: 'Evidence bundle' }).click();
    await page.waitForURL('**/audit/bundle?**');
    key = (await page.locator('#bundle-key').innerText()).trim();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Make bundle' }).click()]);
    assert.match(download.suggestedFilename(), /^evidence-\d{8}T\d{6}Z\.html$/);
    file = readFileSync(await download.path(), 'utf8');
    assert.equal(await page.locator('.btn[data-busy]').count(), 0, 'the page stays, and its button with it');
  });

  await t.test('stranger opens it from a disk, and believes it by the key they know alone', async (t) => {
    const bundle = await openFile(t, demo, file);
    assert.equal(await verdict(bundle), 'Fits its own key only');
    assert.match(await bundle.locator('body').innerText(), /A key inside this file proves nothing by itself/);
    await checkedWith(bundle, 'something');
    await bundle.getByText('This is not a whole key').waitFor();
    await checkedWith(bundle, key);
    assert.equal(await verdict(bundle), 'Verified');
    const all = Number(await bundle.locator('#count').innerText());
    assert.ok(all > 10, String(all));
    await bundle.locator('#q').fill('user.role_changed');
    await bundle.locator('#count', { hasText: ' of ' }).waitFor();
    const found = await bundle.locator('#list details').count();
    assert.ok(found > 0 && found < all, `${found} of ${all}`);
    await bundle.locator('#list summary').first().click();
    const opened = bundle.locator('#list details[open]');
    assert.match(await opened.innerText(), /Hidden: a personal value/);
    assert.equal(await opened.locator('.badge').innerText(), 'Verified');
    await lookAround(bundle, 'bundle');
  });

  await t.test('stranger without a browser checks the same file', () => {
    const name = path.join(folder, 'bundle.html');
    writeFileSync(name, file);
    const said = execFileSync(binary(), ['audit', 'verify', name, '--key', key], { encoding: 'utf8', cwd: folder });
    assert.match(said, /The bundle is whole: \d+ records, each in the log\./);
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
      const onDisk = path.join(folder, 'tampered.html');
      writeFileSync(onDisk, text);
      assert.throws(() => execFileSync(binary(), ['audit', 'verify', onDisk, '--key', key], { cwd: folder, stdio: 'pipe' }), { status: 1 }, name);
    }
    const bundle = await openFile(t, demo, file);
    await checkedWith(bundle, foreign);
    assert.equal(await verdict(bundle), 'Does not verify', 'under the key of another log');
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
    assert.match(await opened.innerText(), /@example\.com\s+\(disclosed; it is the recorded value\)/);
    assert.match(await opened.innerText(), /Hidden: a personal value/);
    // What a record says is text, whatever it says: the bundle of another maker holds markup in every place.
    const hostile = await openFile(t, demo, changed(file, () => JSON.parse(vector('bundle-v1.html').split(OPEN)[1].split(CLOSE)[0])));
    await hostile.locator('#list summary').first().click();
    assert.match(await hostile.locator('#list details[open]').innerText(), /<\/script><script>alert\(1\)<\/script>/);
    assert.equal(await hostile.locator('#list script, #list b').count(), 0);
    assert.match(await hostile.locator('#verdict').innerText(), /Fits its own key only/);
  });
});
