// What the status page tells beside the present: the nodes on a map, what began, what was
// kept of it, a part of it all, and where other programs tell more.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { noFaults } from '../lib/assert.mjs';
import { violationsAtWidths } from '../lib/axe.mjs';
import { binary } from '../lib/exporter.mjs';
import { faultsOfLayout } from '../lib/layout.mjs';
import { ready, suite, until } from '../lib/suite.mjs';
import { broken, phone } from '../lib/words.mjs';

const dir = mkdtempSync(join(tmpdir(), 'kubevitals-'));
after(() => rmSync(dir, { recursive: true }));

const it = suite({
  minutes: 15,
  flags: () => ['--demo', `--blackbox.dir=${dir}/box`, '--blackbox.interval=1s', '--web.grafana-url=https://grafana.example.com/',
    '--web.prometheus-url=https://prometheus.example.com', '--web.alertmanager-url=https://alertmanager.example.com/am'],
});

const section = (page, name) => page.locator(`section[aria-labelledby=${name}]`);
const whole = async (page) => await ready(page) && await section(page, 'snapshots').count() > 0;

for (const lang of ['en', 'zh-TW']) {
  it(`has all of it in good form, in ${lang}`, {}, async ({ page, goto }) => {
    await until(page, goto, `/?lang=${lang}`, whole);
    for (const name of ['nodes', 'recent', 'snapshots']) assert.ok(await section(page, name).isVisible(), name);
    noFaults(await violationsAtWidths(page));
    noFaults(await faultsOfLayout(page));
  });

  it(`breaks no word on a phone, in ${lang}`, { viewport: phone }, async ({ page, goto }) => {
    await until(page, goto, `/?lang=${lang}`, whole);
    noFaults(await broken(page));
  });
}

it('the map has a square for each node, and leads to what is wrong with one', {}, async ({ page, goto }) => {
  await until(page, goto, '/?lang=en', whole);
  const nodes = section(page, 'nodes');
  const [, healthy, ill] = (await nodes.locator('p').first().innerText()).match(/^(\d+)\D+(\d+)/);
  const squares = await nodes.locator('svg path').evaluateAll((all) => all.map((p) => [...p.getAttribute('d').matchAll(/h(\d+)/g)].reduce((n, m) => n + Number(m[1]), 0)));
  assert.equal(squares.reduce((a, b) => a + b), Number(healthy) + Number(ill));
  const dead = nodes.locator('li', { hasText: 'worker-3' });
  assert.match(await dead.innerText(), /kubelet_dead/);
  await dead.getByRole('link', { name: 'worker-3' }).click();
  await page.waitForLoadState();
  assert.deepEqual(await section(page, 'incidents').locator('li').evaluateAll((all) => all.map((li) => li.innerText.includes('worker-3'))), [true]);
});

it('a filter shows a part, says so, and stays while the page asks again', {}, async ({ page, goto, requests }) => {
  await page.clock.install();
  await until(page, goto, '/?lang=en', whole);
  const all = await page.locator('.findings > li').count();
  await page.locator('#filter > summary').click();
  await page.getByLabel('Signal').selectOption('node_disk');
  await page.getByRole('button').click();
  await page.waitForURL(/signal=node_disk/);
  const shown = await page.locator('.findings > li').count();
  assert.ok(shown > 0 && shown < all, `${shown} of ${all}`);
  assert.match(await page.locator('#filter [role=note]').innerText(), /\S/);
  await page.getByLabel('Signal').focus();
  const asked = requests.length;
  await page.clock.fastForward(31_000);
  assert.equal(requests.length, asked, 'takes away a form that somebody fills in');
  await page.locator('body').evaluate(() => document.activeElement.blur());
  await page.clock.fastForward(31_000);
  await page.waitForFunction(() => document.querySelector('#live:not([data-starting]) #filter[open]'));
  assert.equal(await page.locator('.findings > li').count(), shown);
});

it('findings lead to other programs, by their own labels', {}, async ({ page, goto }) => {
  await until(page, goto, '/?lang=en', whole);
  const links = await page.locator('.findings > li').evaluateAll((all) => all.filter((li) => li.innerText.includes('worker-3'))
    .flatMap((li) => [...li.querySelectorAll('a[href^="https://"]')].map((a) => decodeURIComponent(a.href.replaceAll('+', ' ')))));
  for (const wanted of [/^https:\/\/grafana\.example\.com\/d\/[0-9a-f]+\?.*var-node=worker-3/, /^https:\/\/prometheus\.example\.com\/graph\?.*worker-3/,
    /^https:\/\/alertmanager\.example\.com\/am\/#\/silences\/new\?filter=\{alertname="KubeVitals.*node="worker-3"/]) {
    assert.ok(links.some((link) => wanted.test(link)), `${wanted} is none of\n${links.join('\n')}`);
  }
});

it('what was kept is read by check, which names the same cause', {}, async ({ page, goto }) => {
  await until(page, goto, '/?lang=en', whole);
  const [download] = await Promise.all([page.waitForEvent('download'), section(page, 'snapshots').locator('a[download]').first().click()]);
  const file = join(dir, 'night.tar.gz');
  await download.saveAs(file);
  const kept = await section(page, 'snapshots').locator('li').first().innerText();
  let text;
  try {
    text = execFileSync(binary, ['check', `--snapshot=${file}`, '-o', 'json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 240_000 });
  } catch (error) { // its exit code says that something is wrong
    text = error.stdout;
  }
  const { incidents } = JSON.parse(text);
  assert.ok(incidents.length > 0 && incidents.some((one) => kept.includes(one.summary.split(':')[0])), `none of\n${incidents.map((one) => one.summary).join('\n')}\nis in\n${kept}`);
});
