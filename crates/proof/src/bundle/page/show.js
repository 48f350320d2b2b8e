// What is seen. Everything that comes out of a file is put into the page as text, and nothing as markup.

const SHOWN_AT_ONCE = 100;
const STATES = {
  verified: ['ok', 'Verified'],
  fits: ['', 'Fits'],
  unproven: ['warn', 'Not in the tree'],
  changed: ['bad', 'Changed'],
  moved: ['bad', 'Moved'],
  inserted: ['bad', 'Not in the list'],
  unknown: ['', 'Not checked'],
};

const here = (id) => document.getElementById(id);

function made(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== null));
  return node;
}

// What is said of a record: that it is verified only where the whole is. Otherwise the file says so of itself.
const standing = (state) => STATES[state === 'verified' && !believed ? 'fits' : state];

// An id once, where things of several kinds have it: `(user|password)/0193…`.
const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const gathered = (line) =>
  line
    .replace(new RegExp(`[\\w.-]{1,64}/(${ID})(?:\\|[\\w.-]{1,64}/\\1)+(?=[|)])`, 'g'), (run, id) => `(${run.replaceAll(`/${id}`, '')})/${id}`)
    .replace(new RegExp(`\\((\\([^()]*\\)/${ID})\\)`, 'g'), '$1');

const shortened = (text) => (text.length <= 2000 ? text : `${text.slice(0, 2000)}… and ${text.length - 2000} characters more in the list`);
// Characters that nobody sees, some of which turn what is around them: they are named instead.
const UNSEEN = /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const seen = (text) => text.replace(UNSEEN, (one) => `[U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
const words = (value) => seen(typeof value === 'string' ? value : String(JSON.stringify(value)));
const named = (thing) => [thing?.kind ?? thing?.type, thing?.id].filter((part) => typeof part === 'string').join(' ');

let opened = { data: null, page: null };
let checked = { records: [] };
// Whether all of it was verified, under a key that the reader entered.
let believed = false;
let haystacks = [];
let matching = [];

// The keys that were typed, by kind; what is none of them is named.
function typedKeys() {
  const keys = { logs: [], witnesses: [], wrong: null };
  for (const line of here('key').value.split('\n').filter((text) => text.trim() !== '')) {
    const [log, witness] = [readKey(line, SIGNED), readKey(line, COSIGNED)];
    if (log !== null) keys.logs.push(log);
    else if (witness !== null) keys.witnesses.push(witness);
    else keys.wrong = line.trim();
  }
  return keys;
}

function run() {
  const typed = typedKeys();
  const said = (Array.isArray(opened.data?.keys) ? opened.data.keys : []).map((text) => readKey(String(text), SIGNED)).filter((key) => key !== null);
  const error = here('key-error');
  const missing = typed.wrong === null && typed.logs.length === 0 && typed.witnesses.length > 0;
  error.hidden = typed.wrong === null && !missing;
  error.textContent = missing ? 'These are keys of witnesses only. Add the key of the log.' : typed.wrong === null ? '' : `This is not a whole key: ${typed.wrong.slice(0, 80)}`;
  here('key').setAttribute('aria-invalid', String(!error.hidden));
  const known = typed.logs.length > 0 && error.hidden;
  try {
    checked = check(opened.data, known ? typed.logs : said, known ? typed.witnesses : [], opened.page, known ? here('log').value.trim() : '');
  } catch {
    checked = { findings: [{ text: 'The file cannot be checked: something in it is larger or deeper than a bundle has it.' }], records: [], removed: 0, manifest: null, cosigned: [] };
  }
  believed = known && checked.findings.length === 0;
  showResult(known, said);
  showSaid();
  haystacks = checked.records.map((record) => `${record.octets} ${record.disclosed.map((opening) => JSON.stringify(opening?.value)).join(' ')}`.toLowerCase());
  search();
  here('unchecked').hidden = true;
}

// Says that the page itself does not work: what it showed before is not to be relied on.
function broken() {
  believed = false;
  here('unchecked').hidden = false;
  here('list').replaceChildren();
  here('verdict').className = 'badge bad';
  here('verdict').textContent = 'Damaged';
  here('sentence').textContent = 'This file is damaged: its page does not work. Get the file again from whoever gave it to you.';
}

function showResult(known, said) {
  const { findings, manifest } = checked;
  const bad = findings.length > 0;
  const badge = here('verdict');
  badge.className = `badge ${bad ? 'bad' : known ? 'ok' : 'warn'}`;
  const damaged = findings.some((finding) => finding.kind === 'damaged');
  badge.textContent = damaged ? 'Damaged' : bad ? 'Does not verify' : known ? 'Verified' : 'Fits its own key only';
  const sentences = {
    damaged: 'This file is damaged, and nothing in it was checked. What is wrong:',
    bad: known || said.length === 0 ? 'This file is not what was signed. What is wrong:' : 'This file does not even fit the key that it names itself. What is wrong:',
    ok: `Every record is in the log ${manifest?.log}, which this key signs, unaltered, and none of this bundle was removed, added or moved. One key signs the logs of all tenants of an installation: compare the name.`,
    warn: 'The file fits the key that it brings along, and each record fits the list in it. That proves nothing by itself: enter the key that you know.',
  };
  here('sentence').textContent = damaged ? sentences.damaged : bad ? sentences.bad : known ? sentences.ok : sentences.warn;
  const list = here('findings');
  list.hidden = !bad;
  const shown = findings.slice(0, SHOWN_AT_ONCE).map((finding) => made('li', { textContent: finding.text }));
  if (findings.length > shown.length) shown.push(made('li', { textContent: `And ${findings.length - shown.length} more.` }));
  list.replaceChildren(made('ul', {}, ...shown));
  here('facts').replaceChildren(...(manifest === null ? [] : facts(manifest, known)));
}

function facts(manifest, known) {
  const rows = [
    ['Log', manifest.log],
    ['Tenant', tenantOf(manifest.log) ?? 'None'],
    ['Made', manifest.made],
    manifest.entity === null
      ? ['Search', manifest.search === '' ? 'Every record of the log' : manifest.search]
      : ['History of', `${manifest.entity.kind} ${manifest.entity.id}, revisions 1 to ${manifest.entity.revisions}`],
    ...(manifest.meant === null ? [] : [['Which meant', `${shortened(manifest.meant === '' ? 'Every record of the log' : gathered(manifest.meant))} (clocks of ${manifest.zone})`]]),
    ['Records', `${manifest.records.length}, in the tree of the first ${manifest.size} records`],
    ['Root', toBase64(manifest.root)],
    ['Personal values', `${checked.disclosed} disclosed, ${checked.hidden} hidden`],
  ];
  if (known) {
    const at = (seconds) => new Date(seconds * 1000);
    const time = (seconds) => (Number.isNaN(at(seconds).getTime()) ? '?' : at(seconds).toISOString());
    const by = checked.cosigned.map((witness) => `${witness.name}, ${time(witness.seconds)}`);
    rows.push(['Cosigned by', by.length === 0 ? 'No witness whose key was entered' : by.join('; ')]);
  }
  return rows.flatMap(([name, text]) => [made('dt', { textContent: name }), made('dd', { textContent: text })]);
}

function showSaid() {
  const list = (name) => (Array.isArray(opened.data?.[name]) ? opened.data[name] : []).slice(0, MOST_KEYS).filter((key) => typeof key === 'string');
  const of = (key, kind) => made('li', {}, made('code', { textContent: key }), made('span', { className: 'sub', textContent: kind }));
  here('said').replaceChildren(...list('keys').map((key) => of(key, 'The log')), ...list('witnesses').map((key) => of(key, 'A witness')));
}

function search() {
  const sought = here('q').value.toLowerCase().split(/\s+/).filter((word) => word !== '');
  matching = checked.records.map((_, at) => at).filter((at) => sought.every((word) => haystacks[at].includes(word)));
  here('list').replaceChildren();
  here('count').textContent = sought.length === 0 ? `${checked.records.length}` : `${matching.length} of ${checked.records.length}`;
  if (matching.length === 0) here('list').append(made('li', { className: 'none', textContent: 'No record here has all of these words.' }));
  showMore();
}

function showMore() {
  const list = here('list');
  const from = list.querySelectorAll('details').length;
  list.append(...matching.slice(from, from + SHOWN_AT_ONCE).map((at) => entry(checked.records[at], at)));
  here('more').hidden = matching.length <= from + SHOWN_AT_ONCE;
}

function entry(record, at) {
  const event = record.event ?? {};
  const [kind, text] = standing(record.state);
  const what = made('span', { className: 'what' }, made('code', { textContent: words(event.action ?? 'unreadable') }), made('time', { textContent: words(event.recorded_at ?? '') }));
  const who = made('span', { className: 'who' }, named(event.actor) || 'nobody known', made('span', { className: 'sub', textContent: named(event.entity) }));
  const details = made('details', {}, made('summary', {}, what, who, made('span', { className: `badge ${kind}`, textContent: text })));
  details.dataset.record = String(at + 1);
  // What is inside is made when somebody looks, so that thousands of records open at once.
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(inside(record));
  });
  return made('li', {}, details);
}

function inside(record) {
  const { event } = record;
  const openings = new Map(record.disclosed.filter(isObject).map((opening) => [opening.commit, opening]));
  const value = (recorded) => {
    const commit = commitOf(recorded);
    if (commit === null) return made('dd', { textContent: words(recorded ?? null) });
    const opening = openings.get(commit);
    if (opening === undefined) return made('dd', { className: 'veiled', textContent: 'Hidden: a personal value, of which the record holds a commitment only' });
    const fits = isRecorded(opening);
    return made('dd', { textContent: fits ? `${words(opening.value)}  (disclosed; it is the recorded value)` : `${words(opening.value)}  (not the recorded value)` });
  };
  const box = made('div', { className: 'inner' });
  if (event !== null) {
    const row = (name, recorded) => [made('dt', { textContent: name }), recorded];
    const text = (recorded) => made('dd', { textContent: words(recorded ?? 'none') });
    box.append(
      made(
        'dl',
        { className: 'facts' },
        ...row('Leaf', text(record.leaf === null ? 'none' : String(record.leaf))),
        ...row('Record', text(event.id)),
        ...row('Outcome', text(event.outcome)),
        ...row('Occurred', text(event.occurred_at)),
        ...row('Reason', text(event.reason)),
        ...row('Actor', text(`${named(event.actor)}, ${words(event.actor?.auth ?? '')}`)),
        ...row('Thing', text(`${named(event.entity)}, revision ${words(event.entity?.revision ?? '')}`)),
        ...row('Address', value(event.source?.ip)),
      ),
    );
    for (const change of Array.isArray(event.changes) ? event.changes : []) {
      const sides = made('dl', {}, ...row('Before', value(change?.before)), ...row('After', value(change?.after)));
      box.append(made('div', { className: 'change' }, made('code', { textContent: words(change?.path ?? '') }), sides));
    }
  }
  box.append(made('p', { className: 'label', textContent: 'The recorded octets' }));
  const octets = made('pre', { className: 'octets', tabIndex: 0, textContent: record.octets });
  octets.setAttribute('role', 'region');
  octets.setAttribute('aria-label', 'The recorded octets');
  box.append(octets);
  return box;
}

// The octets as text, none of them replaced or left out; nothing for what is no UTF-8.
async function textOf(file) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch {
    return '';
  }
}

function start() {
  addEventListener('error', broken);
  addEventListener('unhandledrejection', broken);
  here('sentence').textContent = 'The records are being checked.';
  try {
    opened.data = readData(here('bundle').textContent);
  } catch {
    opened.data = null;
  }
  here('trust').addEventListener('submit', (event) => {
    event.preventDefault();
    run();
  });
  here('find').addEventListener('submit', (event) => event.preventDefault());
  here('q').addEventListener('input', search);
  here('show-more').addEventListener('click', showMore);
  here('other').addEventListener('change', async (event) => {
    const [file] = event.target.files;
    if (file === undefined) return;
    const found = file.size > 64 * 1024 * 1024 ? null : apart(await textOf(file));
    here('other-hint').textContent = found === null ? 'This file is no evidence bundle, or it is damaged.' : `What is shown here is the file ${file.name}.`;
    if (found !== null) {
      opened = found;
      run();
    }
  });
  // After the page was drawn once, since thousands of records take a moment.
  setTimeout(run, 0);
}

if (typeof document !== 'undefined') start();
