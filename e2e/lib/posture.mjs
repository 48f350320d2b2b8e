// The published posture formula, read from docs/POSTURE.md, so that a test computes what the page must show.

import { readFileSync } from 'node:fs';

const PAGE = readFileSync(new URL('../../docs/POSTURE.md', import.meta.url), 'utf8');

/** Weight of each check, by its name. */
export const WEIGHTS = Object.fromEntries(
  [...PAGE.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, name, weight]) => [name, Number(weight)]),
);

/** The points of a situation in hundredths: each check earns its weight times a share, rounded down. */
export function hundredthsOf({ active, verified, keys, rotating, highEvents, waiting }) {
  return (
    points(WEIGHTS.mfa, verified, active) +
    points(WEIGHTS.api_keys, keys - rotating, keys) +
    points(WEIGHTS.security_events, highEvents === 0 ? 1 : 0, 1) +
    points(WEIGHTS.invitations, waiting === 0 ? 1 : 0, 1)
  );
}

/** The score of a situation: its points, rounded half up. */
export function scoreOf(situation) {
  const hundredths = hundredthsOf(situation);
  const score = Math.floor((hundredths + 50) / 100);
  return hundredths === 10_000 ? 100 : Math.min(score, 99);
}

/** The status of a score, from the table of the page. */
export function statusOf(score) {
  const rows = [...PAGE.matchAll(/^\| (strong|review|at risk) \| (\d+) to (\d+) \|/gm)];
  const row = rows.find(([, , low, high]) => score >= Number(low) && score <= Number(high));
  return row?.[1];
}

/** What the demonstration starts with, as the requirement has it. */
export const START = { active: 8, verified: 6, keys: 3, rotating: 1, highEvents: 0, waiting: 2 };

function points(weight, num, den) {
  return den === 0 ? weight * 100 : Math.floor((weight * 100 * num) / den);
}
