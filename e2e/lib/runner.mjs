// Runs test files with Node's own test runner and counts the tests, not the files around them.

import path from 'node:path';
import { run } from 'node:test';

/** Ends a file that hangs; no test may come near it. */
const PATIENCE_MS = 600_000;

/** Runs each file in a process of its own, one after the other; `signal` ends the one that runs. */
export async function runFiles(files, signal) {
  const count = { passed: 0, failed: 0 };
  for (const file of files) {
    const before = count.passed + count.failed;
    const fileFailure = await runFile(file, count, signal);
    if (fileFailure) console.log(`FAIL  ${path.basename(file)}\n${indent(fileFailure)}`);
    // A file that broke outside its tests, or that has none, is a failure of its own.
    if (fileFailure || count.passed + count.failed === before) {
      if (!fileFailure) console.log(`FAIL  ${path.basename(file)} holds no test`);
      count.failed += 1;
    }
  }
  return count;
}

async function runFile(file, count, signal) {
  let innerFailures = 0;
  let fileFailure;
  const stream = run({ files: [file], concurrency: 1, timeout: PATIENCE_MS, signal });
  stream.on('test:pass', (test) => {
    if (isContainer(test, file)) return;
    if (test.skip !== undefined || test.todo !== undefined) {
      console.log(`skip  ${path.basename(file)}: ${test.name}`);
      return;
    }
    count.passed += 1;
    console.log(`ok    ${path.basename(file)}: ${test.name}`);
  });
  stream.on('test:fail', (test) => {
    if (test.details.error?.failureType === 'subtestsFailed') return;
    const text = describe(test.details.error);
    if (isContainer(test, file)) {
      fileFailure = text;
      return;
    }
    innerFailures += 1;
    count.failed += 1;
    console.log(`FAIL  ${path.basename(file)}: ${test.name}\n${indent(text)}`);
  });
  stream.on('test:stdout', ({ message }) => process.stdout.write(message));
  stream.on('test:stderr', ({ message }) => process.stdout.write(message));
  // Read to the end: the stream stands still while nobody reads it.
  for await (const _ of stream);
  // A file's exit status is bad whenever one of its tests failed; those are counted already.
  return innerFailures > 0 ? undefined : fileFailure;
}

/** Suites and files hold tests and are none. */
function isContainer(test, file) {
  return test.details.type === 'suite' || test.name === file || path.resolve(test.name) === file;
}

function describe(error) {
  const cause = error?.cause ?? error;
  return cause?.stack ?? String(cause);
}

function indent(text) {
  return text.replace(/^/gm, '      ');
}
