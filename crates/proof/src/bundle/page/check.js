// Everything that a bundle says, checked against the keys that the reader brings along. Nothing here touches the page.

const MOST_RECORDS = 10000;
const MOST_KEYS = 64;
const SIGNED = 1;
const COSIGNED = 4;
const MEMBERS = ['format', 'keys', 'witnesses', 'manifest', 'checkpoint', 'nodes', 'records'];

// A decimal number in its one spelling, as far as numbers of a script are exact.
function sizeOf(text) {
  const size = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(size) ? size : null;
}

function hashOf(text) {
  const octets = fromBase64(text);
  return octets !== null && octets.length === 32 ? octets : null;
}

const isKeyName = (name) => name !== '' && !/[\s\p{Cc}+]/u.test(name);

// A key as it is written: name, id and octets; nothing for a text that is none of this kind.
function readKey(text, kind) {
  const parts = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(text.trim());
  const typed = parts === null ? null : fromBase64(parts[3]);
  if (typed === null || typed.length !== 33 || typed[0] !== kind || !isKeyName(parts[1])) return null;
  const id = hexOf(sha256(joined(utf8(`${parts[1]}\n`), typed)).slice(0, 4));
  return id === parts[2] ? { text: text.trim(), name: parts[1], id, octets: typed.slice(1) } : null;
}

// The tenant whose log has this name; nobody where it is none.
const tenantOf = (log) => /^.+\/tenant\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\/epoch\/(?!1$)[1-9][0-9]{0,9})?$/.exec(log)?.[1] ?? null;

// Half of a pair of UTF-16, which no UTF-8 has.
const isWhole = (text) => !/\p{Surrogate}/u.test(text);

// A signed note: its text, and its signature lines.
function readNote(whole) {
  if (typeof whole !== 'string' || /[\0-\x09\x0b-\x1f]/.test(whole) || !isWhole(whole)) return null;
  const at = whole.lastIndexOf('\n\n');
  if (at < 0 || !whole.endsWith('\n')) return null;
  const lines = whole.slice(at + 2, -1).split('\n').map((line) => {
    const parts = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line);
    const octets = parts === null ? null : fromBase64(parts[2]);
    if (octets === null || octets.length < 5 || !isKeyName(parts[1])) return null;
    return { name: parts[1], id: hexOf(octets.slice(0, 4)), signature: octets.slice(4) };
  });
  return lines.includes(null) || lines.length > 64 ? null : { text: whole.slice(0, at + 1), lines };
}

// Whether one of the keys signed the note, and no line that claims one of them is wrong.
function isSignedBy(note, keys) {
  let found = false;
  for (const line of note.lines) {
    const key = keys.find((one) => one.name === line.name && one.id === line.id);
    if (key === undefined) continue;
    if (!signed(key.octets, utf8(note.text), line.signature)) return false;
    found = true;
  }
  return found;
}

// When each witness cosigned, in seconds since 1970; nothing at all if a line is not by the witness that it claims.
function cosigned(note, keys) {
  const found = [];
  for (const key of keys) {
    for (const line of note.lines.filter((one) => one.name === key.name && one.id === key.id)) {
      if (line.signature.length !== 72) return null;
      const seconds = new DataView(line.signature.slice(0, 8).buffer).getBigUint64(0);
      if (!signed(key.octets, utf8(`cosignature/v1\ntime ${seconds}\n${note.text}`), line.signature.slice(8))) return null;
      found.push({ name: key.name, id: key.id, seconds: Number(seconds) });
    }
  }
  return found;
}

// The list of records; a number is the line that is wrong.
function readManifest(text) {
  const lines = text.slice(0, -1).split('\n');
  const after = (line, word) => ((lines[line] ?? '').startsWith(word) ? lines[line].slice(word.length) : null);
  const leaf = (line) => {
    const parts = line === null ? null : /^([0-9]+) ([^ ]+)$/.exec(line);
    const found = parts === null ? {} : { index: sizeOf(parts[1]), hash: hashOf(parts[2]) };
    return parts === null || found.index === null || found.hash === null ? null : found;
  };
  if (lines[0] !== 'bailiwick-bundle/v1') return 1;
  const log = after(1, 'log ');
  if (log === null) return 2;
  const tree = leaf(after(2, 'tree '));
  if (tree === null) return 3;
  const made = after(3, 'made ');
  if (made === null || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(made)) return 4;
  const of = after(4, 'of ');
  const entity = of === null ? null : /^entity ([^ ]+) ([^ ]+) ([0-9]+)$/.exec(of);
  const thing = entity === null ? null : { kind: entity[1], id: entity[2], revisions: sizeOf(entity[3]) };
  if (of === null || (thing === null ? !of.startsWith('search ') : thing.revisions === null)) return 5;
  // A search has a line more: the clock that it was understood by, and what it meant that day.
  const meant = thing === null ? /^([^ ]+) (.*)$/s.exec(after(5, 'as ') ?? '') : null;
  if (thing === null && meant === null) return 6;
  const next = thing === null ? 6 : 5;
  const page = hashOf(after(next, 'page '));
  if (page === null) return next + 1;
  const count = sizeOf(after(next + 1, 'records ') ?? '');
  if (count === null || count === 0 || count > MOST_RECORDS || lines.length !== count + next + 2) return next + 2;
  const records = [];
  for (let line = next + 2; line < lines.length; line += 1) {
    const found = leaf(lines[line]);
    const least = records.length === 0 ? 0 : records[records.length - 1].index + 1;
    if (found === null || found.index < least || found.index >= tree.index) return line + 1;
    records.push(found);
  }
  return { log, size: tree.index, root: tree.hash, made, search: thing === null ? of.slice(7) : null, zone: meant?.[1] ?? null, meant: meant?.[2] ?? null, entity: thing, page, records };
}

function readCheckpoint(text) {
  const lines = text.slice(0, -1).split('\n');
  const [origin, size, root] = [lines[0], sizeOf(lines[1] ?? ''), hashOf(lines[2] ?? '')];
  return lines.length < 3 || lines.includes('') || size === null || root === null ? null : { origin, size, root };
}

const leafHash = (octets) => sha256(joined([0], octets));
const nodeHash = (left, right) => sha256(joined([1], left, right));

// Whether the leaves, with the hashes beside them from left to right, give the root of a tree of this size.
function leadToRoot(leaves, size, nodes, root) {
  let next = 0;
  const join = (first, last, from, to) => {
    if (first === last) {
      next += 1;
      return nodes[next - 1] ?? null;
    }
    if (to - from === 1) return leaves[first].hash;
    let half = 1;
    while (half * 2 < to - from) half *= 2;
    let middle = first;
    while (middle < last && leaves[middle].index < from + half) middle += 1;
    const left = join(first, middle, from, from + half);
    const right = left === null ? null : join(middle, last, from + half, to);
    return right === null ? null : nodeHash(left, right);
  };
  const found = join(0, leaves.length, 0, size);
  return found !== null && next === nodes.length && same(found, root);
}

// What happened to the list: which records are in their place, and what else there is. The same walk as the program's own.
function align(listed, found, report) {
  const names = found.map(hexOf);
  const expected = listed.map((record) => hexOf(record.hash));
  const places = new Map(expected.map((name, place) => [name, place]));
  const left = new Map();
  for (const name of names) left.set(name, (left.get(name) ?? 0) + 1);
  const used = new Set();
  let at = 0;
  let record = 0;
  while (at < listed.length || record < names.length) {
    const here = names[record];
    if (used.has(at)) {
      at += 1;
      continue;
    }
    const comes = at < listed.length && left.has(expected[at]);
    const place = places.get(here);
    const known = place !== undefined && !used.has(place);
    if (record >= names.length || (known && at < listed.length && !comes)) {
      report('removed', null, listed[at].index);
      at += 1;
      continue;
    }
    if (at < listed.length && here === expected[at]) {
      used.add(at);
      report('there', record, listed[at].index);
      at += 1;
    } else if (known) {
      used.add(place);
      report('moved', record, listed[place].index);
    } else if (at < listed.length && !comes) {
      report('changed', record, listed[at].index);
      at += 1;
    } else {
      report('inserted', record, null);
    }
    if (left.get(here) === 1) left.delete(here);
    else left.set(here, left.get(here) - 1);
    record += 1;
  }
}

// The one text of a value that commitments are over; nothing for a value that has none.
function canonical(value, depth = 0) {
  if (depth > 64) return null;
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : null;
  if (typeof value === 'string') return isWhole(value) ? JSON.stringify(value) : null;
  const all = (parts) => (parts.includes(null) ? null : parts.join(','));
  if (Array.isArray(value)) {
    const items = all(value.map((item) => canonical(item, depth + 1)));
    return items === null ? null : `[${items}]`;
  }
  const members = all(
    Object.keys(value)
      .sort()
      .map((key) => {
        const member = /^[ -~]*$/.test(key) && !/["\\]/.test(key) ? canonical(value[key], depth + 1) : null;
        return member === null ? null : `"${key}":${member}`;
      }),
  );
  return members === null ? null : `{${members}}`;
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function commitOf(value) {
  const one = isObject(value) && Object.keys(value).length === 1;
  return one && fromHex(value.commit, 32) !== null ? value.commit : null;
}

// The commitments of an event.
function commitments(event) {
  const found = [];
  const within = (value) => {
    const commit = commitOf(value);
    if (commit !== null) found.push(commit);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(within);
  };
  for (const change of Array.isArray(event.changes) ? event.changes : []) [change?.after, change?.before].forEach(within);
  const address = commitOf(event.source?.ip);
  if (address !== null) found.push(address);
  return found;
}

// Whether a disclosed value is the one that was committed to.
function isRecorded(opening) {
  const [salt, commit, text] = [fromHex(opening.salt, 16), fromHex(opening.commit, 32), canonical(opening.value)];
  return salt !== null && commit !== null && text !== null && same(hmac256(salt, utf8(text)), commit);
}

// The JSON of a data block. Numbers are whole and written so, and no member of what the format names stands there twice: what JSON
// leaves to its readers would let two of them read one file as two.
function readData(text) {
  const data = JSON.parse(text);
  const within = [];
  let before = '';
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/gs)) {
    const names = within.at(-1);
    if (token === '{') within.push(new Set());
    else if (token === '[') within.push(null);
    else if (token === '}' || token === ']') within.pop();
    else if (/^[-0-9]/.test(token) && !/^-?[0-9]+$/.test(token)) throw new SyntaxError('a number that is not whole');
    else if (token[0] === '"' && names && (before === '{' || before === ',')) {
      const name = JSON.parse(token);
      // The bundle, its records, and what is opened of them: the values themselves lie deeper.
      if (within.length <= 5 && names.has(name)) throw new SyntaxError('a member that is there twice');
      names.add(name);
    }
    before = token;
  }
  return data;
}

const hasOnly = (thing, names) => isObject(thing) && Object.keys(thing).every((name) => names.includes(name));

// What is wrong with the shape of the data; nothing if it is a bundle.
function misshapen(data) {
  const texts = (list, kind) => Array.isArray(list) && list.length <= MOST_KEYS && list.every((text) => typeof text === 'string' && readKey(text, kind)?.text === text);
  if (!isObject(data) || data.format !== 'bailiwick-bundle/v1') return 'This is not a bundle of the format bailiwick-bundle/v1.';
  if (!hasOnly(data, MEMBERS)) return 'The file holds more than the format bailiwick-bundle/v1 has.';
  if (!texts(data.keys, SIGNED) || !texts(data.witnesses, COSIGNED)) return 'The keys in the file cannot be read.';
  const opens = (one) => hasOnly(one, ['commit', 'salt', 'value']) && typeof one.commit === 'string' && typeof one.salt === 'string' && 'value' in one;
  const fits = (record) => hasOnly(record, ['octets', 'disclosed']) && typeof record.octets === 'string' && isWhole(record.octets) && (record.disclosed === undefined || (Array.isArray(record.disclosed) && record.disclosed.every(opens)));
  if (!Array.isArray(data.records) || data.records.length > MOST_RECORDS || !data.records.every(fits)) return 'The records in the file cannot be read.';
  return null;
}

const FINDINGS = {
  damaged: () => 'Its block of records is missing, cut off or not what it was written as. Get the file again from whoever gave it to you.',
  shape: (what) => what,
  signature: () => 'The list of records is not signed by this key: it is of another log, or it was changed.',
  manifest: (line) => `Line ${line} of the list of records is malformed.`,
  checkpoint: () => 'The checkpoint is not signed by this key: it is of another log, or it was changed.',
  cosignature: () => 'A cosignature under the checkpoint is not by the witness that it names.',
  uncosigned: (name) => `The witness ${name}, whose key you entered, has not cosigned the checkpoint.`,
  log: (name) => `These records are of another log than the one you named: ${name}.`,
  other: () => 'The checkpoint is not the one that the list of records was made under.',
  tenant: (name) => `${name} is not the log of a tenant.`,
  proof: () => 'The proof does not lead from the records to the signed tree: a hash of it was changed.',
  removed: (_, leaf) => `A record was removed: the one of leaf ${leaf}.`,
  changed: (record, leaf) => `Record ${record + 1} was changed: it is not what was hashed into leaf ${leaf}.`,
  moved: (record, leaf) => `Record ${record + 1} was moved: it is the one of leaf ${leaf}.`,
  inserted: (record) => `Record ${record + 1} was inserted: the list does not have it.`,
  event: (record) => `Record ${record + 1} is not an event of this log.`,
  entity: (record) => `Record ${record + 1} happened to something else.`,
  disclosed: (record) => `Record ${record + 1}: a value that is disclosed is not the recorded one.`,
  gap: (revision) => `The history has a gap: revision ${revision} is missing or is not the one that follows.`,
  page: () => 'The page around the records was changed: do not believe what that file shows when it is opened.',
};

// Checks a bundle. `logs` and `witnesses` are keys that were read; `page` is the hash of the page around the data where it is known,
// and `log` the name of the log, if the reader knows that too.
function check(data, logs, witnesses, page, log = '') {
  const result = { findings: [], records: [], removed: 0, manifest: null, checkpoint: null, cosigned: [], disclosed: 0, hidden: 0 };
  const find = (kind, ...about) => result.findings.push({ kind, text: FINDINGS[kind](...about) });
  // Data that could not be read at all.
  if (data === null) {
    find('damaged');
    return result;
  }
  const shape = misshapen(data);
  if (shape !== null) {
    find('shape', shape);
    return result;
  }
  result.records = data.records.map((record) => ({ octets: record.octets, disclosed: record.disclosed ?? [], state: 'unknown', leaf: null, event: null }));
  for (const record of result.records) {
    try {
      const event = JSON.parse(record.octets);
      if (isObject(event)) record.event = event;
    } catch {
      // What is no JSON is shown as it is.
    }
  }
  const note = readNote(data.manifest);
  if (note === null || !isSignedBy(note, logs)) {
    find('signature');
    return result;
  }
  const manifest = readManifest(note.text);
  if (typeof manifest === 'number') {
    find('manifest', manifest);
    return result;
  }
  result.manifest = manifest;
  // Where a log was lost and begun again, its name has the number of that behind it.
  if (log !== '' && manifest.log !== log && !manifest.log.startsWith(`${log}/epoch/`)) find('log', manifest.log);
  const head = readNote(data.checkpoint);
  const checkpoint = head === null || !isSignedBy(head, logs) ? null : readCheckpoint(head.text);
  if (checkpoint === null) {
    find('checkpoint');
    return result;
  }
  result.checkpoint = checkpoint;
  const vouched = cosigned(head, witnesses);
  if (vouched === null) find('cosignature');
  else {
    result.cosigned = vouched;
    // Whoever enters the key of a witness asks for their word, as the command does.
    for (const { name, id } of witnesses) if (!vouched.some((one) => one.id === id && one.name === name)) find('uncosigned', name);
  }
  if (checkpoint.origin !== manifest.log || checkpoint.size !== manifest.size || !same(checkpoint.root, manifest.root)) {
    find('other');
    return result;
  }
  const tenant = tenantOf(manifest.log);
  if (tenant === null) {
    find('tenant', manifest.log);
    return result;
  }
  if (page !== null && !same(page, manifest.page)) find('page');
  const octets = fromBase64(data.nodes);
  const nodes = octets === null || octets.length % 32 !== 0 ? null : Array.from({ length: octets.length / 32 }, (_, at) => octets.slice(32 * at, 32 * at + 32));
  const led = nodes !== null && leadToRoot(manifest.records, manifest.size, nodes, manifest.root);
  if (!led) find('proof');
  const hashes = result.records.map((record) => leafHash(utf8(record.octets)));
  align(manifest.records, hashes, (kind, record, leaf) => {
    if (kind === 'removed') result.removed += 1;
    else Object.assign(result.records[record], { state: kind === 'there' && led ? 'verified' : kind === 'there' ? 'unproven' : kind, leaf });
    if (kind !== 'there') find(kind, record, leaf);
  });
  const history = [];
  result.records.forEach((record, at) => {
    if (record.state !== 'verified' && record.state !== 'unproven') return;
    const { event } = record;
    if (event === null || event.v !== 1 || event.tenant !== tenant) {
      record.state = 'changed';
      find('event', at);
      return;
    }
    if (manifest.entity !== null) {
      if (event.entity?.type !== manifest.entity.kind || event.entity?.id !== manifest.entity.id) find('entity', at);
      history.push({ revision: event.entity?.revision, hash: hexOf(hashes[at]), prev: event.prev });
    }
    const known = new Set(commitments(event));
    const opened = new Set();
    for (const opening of record.disclosed) {
      const fits = isObject(opening) && known.has(opening.commit) && !opened.has(opening.commit) && isRecorded(opening);
      if (fits) opened.add(opening.commit);
      else {
        record.state = 'changed';
        find('disclosed', at);
        break;
      }
    }
    result.disclosed += opened.size;
    result.hidden += known.size - opened.size;
  });
  if (manifest.entity !== null) {
    history.sort((one, other) => one.revision - other.revision);
    const wrong = history.findIndex((one, at) => one.revision !== at + 1 || one.prev !== (at === 0 ? null : history[at - 1].hash));
    if (wrong >= 0) find('gap', wrong + 1);
    else if (history.length !== manifest.entity.revisions) find('gap', history.length + 1);
  }
  return result;
}

const OPEN_TAG = '<' + 'script type="application/json" id="bundle">';
const CLOSE_TAG = '<' + '/script>';

// Takes a file apart: its data, and the hash of the page around it. Nothing for a file that is no bundle.
function apart(text) {
  const [before, rest, more] = text.split(OPEN_TAG);
  const end = rest === undefined || more !== undefined ? -1 : rest.indexOf(CLOSE_TAG);
  if (end < 0 || rest.slice(0, end).includes('<')) return null;
  try {
    const data = readData(rest.slice(0, end));
    return { data, page: sha256(joined(utf8(before), [0], utf8(rest.slice(end + CLOSE_TAG.length)))) };
  } catch {
    return null;
  }
}

