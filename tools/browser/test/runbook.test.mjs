// A runbook that an alert's link opens has the names of the alert in its commands.
import assert from 'node:assert/strict';
import { book, suite } from '../lib/suite.mjs';

const it = suite();

const table = (page) => page.locator('table.labels tbody tr').evaluateAll((rows) =>
  Object.fromEntries(rows.map((row) => [row.cells[0].textContent, row.cells[1].textContent])));
const commands = async (page) => (await page.locator('.commands code').allTextContents()).join('\n');

it('labels are shown and filled into the commands', {}, async ({ page, goto, requests }) => {
  await goto(`/runbooks/${book}?node=worker-2&cluster=prod&lang=en`);
  assert.deepEqual(await table(page), { cluster: 'prod', node: 'worker-2' });
  const filled = await commands(page);
  assert.match(filled, /^NODE='worker-2'$/m);
  assert.doesNotMatch(filled, /<node>/);
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), book);
  assert.equal(await page.title(), `${book} · kubevitals`);
  const loaded = requests.map((url) => new URL(url).pathname);
  assert.ok(loaded.includes('/static/style.css') && loaded.includes('/static/copy.js'), `loaded ${loaded}`);
});

it('without labels the placeholders stay', {}, async ({ page, goto }) => {
  await goto(`/runbooks/${book}?lang=en`);
  assert.equal(await page.locator('table.labels').count(), 0);
  assert.match(await commands(page), /^NODE='<node>'$/m);
});

it('links to other runbooks keep the labels and lead to a page', {}, async ({ page, goto }) => {
  await goto('/runbooks/KubeVitalsNodesNotReady?node=worker-2&lang=en');
  const links = await page.locator('.text a[href^="KubeVitals"]').evaluateAll((all) => all.map((a) => a.href));
  assert.ok(links.length > 0, 'the runbook has no links to others');
  for (const link of links) {
    assert.equal(new URL(link).searchParams.get('node'), 'worker-2', link);
    const response = await goto(link);
    assert.equal(response.status(), 200, link);
  }
});

const attacks = [
  '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '</code></pre><script>alert(1)</script>', '<svg onload=alert(1)>',
  '</td><iframe src="https://evil.example/">', '"onmouseover="alert(1)" autofocus onfocus="alert(1)', "a'b; alert(1) #", '$(reboot)', '`reboot`',
  '<base href="https://evil.example/">', '<meta http-equiv="refresh" content="0;url=https://evil.example/">', 'javascript:alert(1)',
  '<style>*{display:none}</style>', '[x](javascript:alert(1))', '![x](https://evil.example/x.png)', '&lt;b&gt;', '{{ .Words }}',
];

it('a hostile label stays text', {}, async ({ page, goto }) => {
  await goto(`/runbooks/${book}?node=plain`);
  const shape = (page) => page.evaluate(() => [...document.querySelectorAll(':not(wbr)')].map((e) => [e.tagName, ...e.getAttributeNames()].join(' ')));
  const plain = await shape(page);
  for (const attack of attacks) {
    await goto(`/runbooks/${book}?node=${encodeURIComponent(attack)}`);
    assert.deepEqual(await table(page), { node: attack });
    assert.deepEqual(await shape(page), plain, `${attack} changes the elements of the page`);
    const quoted = `NODE='${attack.replaceAll("'", `'\\''`)}'`;
    assert.ok((await commands(page)).includes(quoted), `no command has ${quoted}`);
    await page.mouse.move(300, 300);
  }
});

it('a hostile name of an alert stays text', { expect: [/^status 404: /, /^console: .*404/] }, async ({ page, goto }) => {
  for (const attack of attacks) {
    const response = await goto(`/runbooks/${encodeURIComponent(attack)}?lang=en`);
    assert.equal(response.status(), 404);
    assert.equal(await page.locator('.text > p code').textContent(), attack);
    assert.equal(await page.locator('main script, main img, main iframe, main svg, main style').count(), 0);
  }
});
