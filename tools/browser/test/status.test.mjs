// The status page of the sick cluster: the worst first, each with its evidence and
// a runbook for exactly this.
import assert from 'node:assert/strict';
import { book, ready, suite, until } from '../lib/suite.mjs';

const it = suite({ minutes: 15 });
const looks = (requests) => requests.filter((url) => new URL(url).pathname === '/').length;
const severities = ['critical', 'warning', 'info'];

it('findings are sorted by severity, and the verdict counts them', {}, async ({ page, goto }) => {
  await until(page, goto, '/?lang=en', ready);
  const found = await page.locator('section[aria-labelledby=incidents] .severity').allTextContents();
  const order = found.map((severity) => severities.indexOf(severity));
  assert.ok(order.every((rank) => rank >= 0) && new Set(order).size > 1);
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
  const counted = severities.map((s) => [found.filter((f) => f === s).length, s]).filter(([n]) => n > 0).map(([n, s]) => `${n} ${s}`).join(', ');
  assert.equal(await page.locator('#verdict').textContent(), counted);
  assert.equal(await page.title(), `${counted} · kubevitals`);
});

it('an incident names its cause and what follows from it, which is folded below', {}, async ({ page, goto }) => {
  await until(page, goto, '/?lang=en', ready);
  const disk = page.locator('section[aria-labelledby=incidents] li', { hasText: 'worker-2' });
  assert.equal(await disk.count(), 1);
  assert.match(await disk.innerText(), /disk pressure[\s\S]*Likely consequences: .*KubeVitalsPodNetworkFailing/);
  assert.ok(!(await page.locator('#follow article').first().isVisible()));
  await page.locator('#follow > summary').click();
  assert.match(await page.locator('#follow').innerText(), /KubeVitalsPodNetworkFailing/);
});

it('what was not looked at is told apart from what is wrong and what is well', {}, async ({ page, goto }) => {
  await until(page, goto, '/?lang=en', ready);
  const section = (name) => page.locator(`section[aria-labelledby=${name}]`);
  assert.ok((await section('firing').innerText()).includes(book));
  const ok = await section('ok').locator('strong').allTextContents();
  assert.ok(ok.includes('control_plane_leases') && !ok.includes('node_disk') && !ok.includes('autoscaling'), String(ok));
  assert.match(await section('disabled').innerText(), /connectivity/);
});

it('each finding leads to its runbook, filled in, with present evidence', {}, async ({ page, goto }) => {
  await until(page, goto, '/?lang=en', ready);
  const findings = await page.locator('article').evaluateAll((all) => all.flatMap((article) => [...article.querySelectorAll('.findings > li')].map((li) => ({
    alert: article.querySelector('h3').textContent.trim().split(' ').pop(), href: li.querySelector('a').href, description: li.querySelector('span').textContent,
  }))));
  assert.ok(findings.length > 10);
  let filled = 0;
  for (const { alert, href, description } of findings) {
    const response = await goto(href);
    assert.equal(response.status(), 200, href);
    assert.equal(await page.locator('h1').textContent(), alert);
    const labels = Object.fromEntries(new URL(href).searchParams);
    delete labels.lang;
    const shown = await page.locator('table.labels tbody tr').evaluateAll((rows) => rows.map((r) => [r.cells[0].textContent, r.cells[1].textContent]));
    assert.deepEqual(Object.fromEntries(shown), labels, href);
    const evidence = await page.locator('.verdict').innerText();
    assert.match(evidence, /Firing condition met/, href);
    const digits = (text) => text.replace(/[\d.,]+\S*/g, '#'); // ages go on
    assert.ok(digits(evidence).includes(digits(description)), `${href}: ${description}\n${evidence}`);
    assert.ok(await page.locator('aside table code').count() > 0, `${href} shows no series`);
    const commands = (await page.locator('.commands code').allTextContents()).join('\n');
    for (const [name, value] of Object.entries(labels)) {
      assert.ok(!commands.includes(`'<${name}>'`), `${href}: <${name}> is not filled in`);
      if (commands.includes(`='${value}'`)) filled++;
    }
  }
  assert.ok(filled > 10, `only ${filled} labels are in commands`);
});

it('asks for itself again, and keeps what a person has opened', {}, async ({ page, goto, requests }) => {
  await page.clock.install();
  await until(page, goto, '/?lang=en', ready);
  await page.evaluate(() => {
    document.querySelector('#live').dataset.before = 'yes';
    document.querySelector('#verdict').textContent = 'something else';
    document.querySelector('.findings details').open = true;
  });
  const asked = looks(requests);
  await page.clock.fastForward(31_000);
  await page.waitForFunction(() => !document.querySelector('#live').dataset.before);
  assert.equal(looks(requests), asked + 1, 'the page must not be loaded anew');
  assert.ok(await page.locator('.findings details').first().evaluate((d) => d.open), 'what was open is closed');
  const verdict = await page.locator('#verdict').textContent();
  assert.match(verdict, /critical/);
  assert.equal(await page.getByRole('status').textContent(), verdict, 'a changed verdict is not announced');
});

it('asks soon while something is read for the first time', {}, async ({ page, goto, requests }) => {
  await page.clock.install();
  await until(page, goto, '/?lang=en', ready);
  await page.route((url) => url.pathname === '/', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('<div id="live">', '<div id="live" data-starting>');
    await route.fulfill({ response, body });
  }, { times: 1 });
  await goto('/?lang=en');
  const asked = looks(requests);
  await page.clock.fastForward(3_100);
  await page.locator('#live:not([data-starting])').waitFor();
  assert.equal(looks(requests), asked + 1);
  await page.clock.fastForward(3_100);
  assert.equal(looks(requests), asked + 1, 'asks as often when all has been read');
});

it('does not take away what the keyboard is at', {}, async ({ page, goto, requests }) => {
  await page.clock.install();
  await until(page, goto, '/?lang=en', ready);
  const look = async () => {
    await page.evaluate(() => { document.querySelector('#live').dataset.before = 'yes'; });
    const asked = looks(requests);
    await page.clock.fastForward(31_000);
    await page.waitForFunction(() => !document.querySelector('#live').dataset.before);
    assert.equal(looks(requests), asked + 1);
  };
  const has = (locator) => locator.evaluate((e) => e === document.activeElement);
  const link = page.locator('.findings a').nth(2);
  await link.focus();
  await look();
  assert.ok(await has(link), 'the keyboard is not at the link any more');
  const summary = page.locator('.findings summary').nth(1);
  await summary.click();
  await look();
  assert.ok(await has(summary), 'the keyboard is not at the summary any more');
  assert.ok(await page.locator('.findings details').nth(1).evaluate((d) => d.open));
  // What it was at may be over.
  await link.focus();
  await link.evaluate((a) => a.setAttribute('href', 'runbooks/over'));
  await look();
  assert.ok(await has(page.locator('#content')), 'the keyboard is at nothing');
});

it('leaves selected text to be copied, but not for ever', {}, async ({ page, goto, requests }) => {
  await page.clock.install();
  await until(page, goto, '/?lang=en', ready);
  await page.evaluate(() => getSelection().selectAllChildren(document.querySelector('#verdict')));
  const asked = looks(requests);
  await page.clock.fastForward(31_000);
  assert.equal(looks(requests), asked);
  await page.clock.fastForward(120_000);
  await page.waitForFunction(() => getSelection().isCollapsed);
  assert.ok(looks(requests) > asked, 'the page is old, and nothing says so');
});
