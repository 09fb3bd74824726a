import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problems, unnamed } from '../lib/judge.mjs';

const good = { title: 'Nodes', samples: 3, shows: 'data', text: 'Nodes\nready' };
const quiet = { title: 'Ill', samples: 0, shows: 'none', text: 'Ill\nnone' };
const judged = (panel, faults = []) => problems({ panels: [good, panel], faults });

test('panels with data, or that say why not, are good', () => {
  assert.deepEqual(problems({ panels: [good, quiet], faults: [] }), []);
});

for (const [what, panel, says] of [
  ['a query that failed', { ...quiet, error: 'bad_data: parse error' }, /parse error/],
  ['a panel that was never drawn', { title: 'Ill', text: '' }, /was not drawn/],
  ['no word of why', { ...quiet, shows: 'No data', text: 'No data' }, /says "No data"/],
  ['a component that says so itself', { ...good, text: 'Nodes\nNo data' }, /says "No data"/],
  ['a reason that is not on the page', { ...quiet, text: 'Ill' }, /should say "none"/],
  ['a nameless column', { ...good, text: 'Node\nValue #A' }, /called Value/],
]) {
  test(`refused: ${what}`, () => assert.match(judged(panel).join('\n'), says));
}

test('refused: an error on the console, and a page without panels', () => {
  assert.deepEqual(judged(quiet, ['console: oh']), ['console: oh']);
  assert.deepEqual(problems({ panels: [], faults: [] }), ['no panel was drawn']);
});

test('what no panel names is told', () => {
  assert.deepEqual(unnamed(['ready', 'worker-2'], { panels: [good] }), ['worker-2']);
});
