// What the page asks of Prometheus, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../page/query.js', import.meta.url));
const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm', platform: 'browser', external: ['@grafana/data'], plugins: [{ name: 'data', setup(b) { b.onResolve({ filter: /@grafana\/data/ }, () => ({ path: 'data', namespace: 'stub' })); b.onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: "export const FieldType = { time: 'time', number: 'number', string: 'string' }; export const toDataFrame = (frame) => ({ ...frame, length: frame.fields[0].values.length }); export const getFieldDisplayName = (field) => field.config.displayNameFromDS ?? field.name;" })); } }] });
const { interpolate, run, stepOf } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);

test('variables: one value as it is, several as a regular expression', () => {
  assert.equal(interpolate('up{cluster="$cluster", node=~"$node"}', { cluster: 'c', node: ['a.b', 'c'] }, 15), 'up{cluster="c", node=~"(a\\\\.b|c)"}');
});

test('a rate is taken over four scrapes at least', () => {
  assert.equal(interpolate('rate(x[$__rate_interval])', {}, 15), 'rate(x[60s])');
  assert.equal(interpolate('rate(x[$__rate_interval])', {}, 600), 'rate(x[615s])');
});

test('steps are no finer than scrapes, and no more than pixels', () => {
  assert.equal(stepOf({ from: 0, to: 3600 }, 700), 15);
  assert.equal(stepOf({ from: 0, to: 86400 }, 700), 300);
});

function answering(result) {
  globalThis.fetch = async () => ({ status: 200, json: async () => ({ status: 'success', data: { result } }) });
}

test('a table has a column for each label, and tells queries apart', async () => {
  answering([{ metric: { node: 'a' }, value: [1, '2'] }, { metric: { cause: 'disk' }, value: [1, '+Inf'] }]);
  const target = { expr: 'x', format: 'table', instant: true, legendFormat: '__auto' };
  const { frames, samples } = await run({ targets: [{ ...target, refId: 'A' }, { ...target, refId: 'B' }] }, {}, { from: 0, to: 60 }, 100);
  assert.deepEqual(frames.map((frame) => frame.fields.map(({ name }) => name)), [['Time', 'cause', 'node', 'Value #A'], ['Time', 'cause', 'node', 'Value #B']]);
  assert.deepEqual(frames[0].fields[3].values, [2, Infinity]);
  assert.equal(samples, 4);
});

test('a refused query is an error', async () => {
  globalThis.fetch = async () => ({ status: 400, json: async () => ({ status: 'error', error: 'parse error' }) });
  await assert.rejects(run({ targets: [{ refId: 'A', expr: '(', legendFormat: 'x', range: true }] }, {}, { from: 0, to: 60 }, 100), /parse error/);
});
