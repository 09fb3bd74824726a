// No page scrolls sideways, and everything can be hit with a finger.
import assert from 'node:assert/strict';
import { noFaults } from '../lib/assert.mjs';
import { faultsOfLayout } from '../lib/layout.mjs';
import { brokenOnPhone } from '../lib/words.mjs';
import { book, ready, suite, until } from '../lib/suite.mjs';

const it = suite({ minutes: 20 });
const long = 'x'.repeat(253);

it('a runbook with the longest labels fits', {}, async ({ page, goto }) => {
  for (const lang of ['en', 'zh-TW']) {
    await goto(`/runbooks/${book}?node=${long}&${'n'.repeat(60)}=${long}&bad-name=1&lang=${lang}`);
    assert.equal(await page.locator('table.labels td').first().textContent(), long);
    noFaults(await faultsOfLayout(page));
  }
});

it('the status page fits, with everything opened', {}, async ({ page, goto }) => {
  for (const lang of ['en', 'zh-TW']) {
    await until(page, goto, `/?lang=${lang}`, ready);
    for (const open of [false, true]) {
      await page.evaluate((o) => { for (const d of document.querySelectorAll('details')) d.open = o; }, open);
      noFaults(await faultsOfLayout(page));
    }
  }
});

it('a page of no alert fits', { expect: [/^status 404: /, /^console: .*404/] }, async ({ page, goto }) => {
  for (const lang of ['en', 'zh-TW']) {
    await goto(`/runbooks/${long}?lang=${lang}`);
    noFaults(await faultsOfLayout(page));
  }
});

for (const lang of ['en', 'zh-TW']) {
  it(`the index and every runbook in ${lang} fit, and no word is broken`, {}, async ({ page, goto }) => {
    await goto(`/runbooks/?lang=${lang}`);
    const faults = (await faultsOfLayout(page)).map((fault) => `index: ${fault}`);
    const links = await page.locator('.index a').evaluateAll((all) => all.map((a) => a.href));
    assert.ok(links.length > 120, `the index has only ${links.length} runbooks`);
    for (const link of links) {
      await goto(link);
      assert.equal(await page.locator('main h1').count(), 1);
      faults.push(...[...await faultsOfLayout(page), ...await brokenOnPhone(page)].map((fault) => `${new URL(link).pathname}: ${fault}`));
    }
    noFaults(faults);
  });
}
