// Who is called at night reads a runbook on a phone: what to do stands near its top, in
// whole words.
import assert from 'node:assert/strict';
import { noFaults } from '../lib/assert.mjs';
import { broken, phone } from '../lib/words.mjs';
import { ready, suite, until } from '../lib/suite.mjs';

const it = suite({ minutes: 20 });
const onPhone = { viewport: phone };
const nearTheTop = 1500;

const found = (page) => page.locator('a[href*="runbooks/KubeVitals"]').evaluateAll((all) => [...new Set(all.map((a) => a.href))]);

for (const [lang, fix] of [['en', 'Mitigation'], ['zh-TW', '處理']]) {
  it(`what to do about what was found stands near the top, in ${lang}`, onPhone, async ({ page, goto }) => {
    await until(page, goto, `/?lang=${lang}`, ready);
    const faults = [];
    const links = await found(page);
    assert.ok(links.length > 10, `only ${links.length} runbooks`);
    for (const link of links) {
      await goto(link);
      const heading = page.getByRole('heading', { level: 2, name: fix, exact: true });
      const { y } = await heading.boundingBox();
      if (y > nearTheTop) faults.push(`${link}: ${fix} is ${Math.round(y)} px down`);
    }
    noFaults(faults);
  });

  it(`no word is broken on the status page and what it leads to, in ${lang}`, onPhone, async ({ page, goto }) => {
    await until(page, goto, `/?lang=${lang}`, ready);
    const faults = await broken(page);
    for (const link of await found(page)) {
      await goto(link);
      faults.push(...(await broken(page)).map((word) => `${link}: ${word}`));
    }
    noFaults(faults);
  });
}

it('a broken word is seen', onPhone, async ({ page, goto }) => {
  await goto('/runbooks/?lang=en');
  await page.locator('h1').evaluate((h) => { h.textContent = 'NotAWordThatFits'.repeat(4); });
  assert.equal((await broken(page)).length, 1);
});

it('the row of the known cause stands first, and all of it below', onPhone, async ({ page, goto }) => {
  await until(page, goto, '/?lang=en', ready);
  await goto('/runbooks/KubeVitalsNodeNotReady?node=worker-3&lang=en');
  assert.deepEqual(await page.locator('.known tbody tr td:first-child').allTextContents(), ['kubelet_dead']);
  assert.ok(await page.locator('.text > table tbody tr').count() > 10, 'the table of all causes is gone');
});
