// Rows that are opened show all their panels, none of them over another.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { root } from '../lib/process.mjs';
import { folds, opened } from '../lib/rows.mjs';

const overview = JSON.parse(readFileSync(`${root}dashboards/generated/kubevitals-overview.json`, 'utf8'));

test('all panels of the overview are there, each in a place of its own', () => {
  assert.ok(folds(overview));
  const { panels } = opened(overview);
  assert.ok(!folds({ panels }));
  const ids = (all) => all.flatMap((panel) => [panel.id, ...ids(panel.panels ?? [])]);
  assert.deepEqual(ids(panels), ids(overview.panels));
  const taken = new Map();
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        const place = `${column} ${row}`;
        assert.ok(!taken.has(place), `${title} lies over ${taken.get(place)}`);
        taken.set(place, title);
      }
    }
  }
});
