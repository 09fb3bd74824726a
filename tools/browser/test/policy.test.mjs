// The pages need no script, and run none but their own.
import assert from 'node:assert/strict';
import { book, ready, suite, until } from '../lib/suite.mjs';

const it = suite();
const path = `/runbooks/${book}?node=worker-2&lang=en`;

it('a runbook is complete without JavaScript', { javaScriptEnabled: false }, async ({ page, goto, requests }) => {
  await goto(path);
  assert.equal(await page.locator('h1').textContent(), book);
  for (const heading of ['Meaning', 'Impact', 'Diagnosis', 'Mitigation']) assert.ok(await page.getByRole('heading', { name: heading, exact: true }).isVisible(), heading);
  assert.equal(await page.locator('table.labels td').textContent(), 'worker-2');
  assert.equal(await page.locator('.commands code').first().textContent(), "NODE='worker-2'\n");
  assert.equal(await page.locator('button').count(), 0, 'a button that does nothing must not be there');
  assert.ok(requests.some((url) => url.endsWith('.css')));
  await page.getByRole('link', { name: '中文（繁體）' }).click();
  assert.match(await page.locator('.text h2').first().textContent(), /\p{Script=Han}/u);
});

it('the status page is complete without JavaScript', { javaScriptEnabled: false }, async ({ page, goto }) => {
  await until(page, goto, '/?lang=en', ready);
  for (const heading of ['Incidents', 'Problems', 'Nothing wrong found', 'Not looked at']) assert.ok(await page.getByRole('heading', { name: heading, exact: true }).isVisible(), heading);
  const evidence = page.locator('.findings details').first();
  await evidence.locator('summary').click();
  assert.ok(await evidence.locator('.samples').isVisible());
  assert.equal(await page.locator('#stale').isVisible(), false);
  await page.locator('.findings a').first().click();
  assert.match(await page.locator('.verdict').innerText(), /Firing condition met/);
});

it('the index is complete without JavaScript', { javaScriptEnabled: false }, async ({ page, goto }) => {
  await goto('/runbooks/?lang=en');
  assert.ok(await page.locator('.index a').count() > 120);
  await page.getByRole('link', { name: book, exact: true }).click();
  assert.equal(await page.locator('h1').textContent(), book);
});

for (const target of ['/', '/runbooks/', path]) {
  it(`no script but its own runs on ${target}`, { expect: [/^console: .*(inline script|script-src)/] }, async ({ page, goto }) => {
    const response = await goto(target);
    assert.match(response.headers()['content-security-policy'], /^default-src 'none';/);
    assert.equal(response.headers()['x-content-type-options'], 'nosniff');
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.inlineRan = true';
      document.body.append(script);
    });
    assert.equal(await page.evaluate(() => window.inlineRan), undefined);
  });

  it(`nothing is sent elsewhere from ${target}`, { expect: [/^console: .*elsewhere.*Content Security Policy/] }, async ({ page, goto, requests }) => {
    await goto(target);
    const answer = await page.evaluate(() => fetch('http://elsewhere.invalid/').then(() => 'sent', () => 'refused'));
    assert.equal(answer, 'refused');
    assert.deepEqual(requests.filter((url) => url.includes('elsewhere')), []);
  });
}

it('no other page may frame it', { expect: [/ERR_BLOCKED_BY_RESPONSE/], allow: [/frame-ancestors/, /^console: .*404/] }, async ({ page, goto, server }) => {
  await goto('/livez');
  await page.evaluate((url) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.src = url;
    frame.onload = resolve;
    document.body.append(frame);
  }), `${server.url}/runbooks/`);
  assert.equal(await page.evaluate(() => document.querySelector('iframe').contentDocument), null, 'the frame shows the page');
});
