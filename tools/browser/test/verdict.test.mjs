// The status page where all is well, and where that cannot be told.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { noFaults } from '../lib/assert.mjs';
import { violationsAtWidths } from '../lib/axe.mjs';
import { healthy, unreachable, incomplete } from '../lib/clusters.mjs';
import { faultsOfLayout } from '../lib/layout.mjs';
import { book, suite, until } from '../lib/suite.mjs';

const verdictIs = (text) => async (page) => (await page.locator('#verdict').textContent()) === text;
const sections = (page) => page.locator('section h2').allTextContents();

async function isInGoodForm(page) {
  noFaults(await violationsAtWidths(page));
  noFaults(await faultsOfLayout(page));
}

describe('all is well', () => {
  const it = suite({ flags: healthy });
  for (const colorScheme of ['light', 'dark']) {
    it(`and the page says so, ${colorScheme}`, { colorScheme }, async ({ page, goto }) => {
      await until(page, goto, '/?lang=en', verdictIs('All clear in what the dump holds'));
      assert.deepEqual(await sections(page), ['Nothing wrong found', 'Not looked at']);
      assert.deepEqual(await page.locator('section[aria-labelledby=ok] strong').allTextContents(), ['control_plane_leases']);
      await isInGoodForm(page);
      await until(page, goto, '/?lang=zh-TW', verdictIs('傾印所含的部分一切正常'));
      await isInGoodForm(page);
    });
  }
  it('a runbook of what is not looked at does not call it well', {}, async ({ page, goto }) => {
    await goto(`/runbooks/${book}?node=worker-1&lang=en`);
    assert.match(await page.locator('.verdict').innerText(), /Cannot tell/);
  });
});

describe('much is not in the dump', () => {
  const it = suite({ flags: incomplete });
  for (const colorScheme of ['light', 'dark']) {
    it(`and the page calls well only what is, ${colorScheme}`, { colorScheme }, async ({ page, goto }) => {
      await until(page, goto, '/?lang=en', verdictIs('All clear in what the dump holds'));
      assert.deepEqual(await sections(page), ['Nothing wrong found', 'Not looked at']);
      assert.match(await page.locator('section[aria-labelledby=disabled]').innerText(), /source pods: is not in the dump/);
      await isInGoodForm(page);
    });
  }
});

describe('no API server answers', () => {
  const it = suite({ flags: unreachable });
  it('and the page names it, and all that it cannot see', {}, async ({ page, goto }) => {
    await until(page, goto, '/?lang=en', verdictIs('1 critical'));
    assert.match(await page.locator('section[aria-labelledby=firing]').innerText(), /KubeVitalsAPIServerAllDown/);
    const unavailable = await page.locator('section[aria-labelledby=unavailable]').innerText();
    for (const name of ['node_disk', 'autoscaling', 'pods', 'nodes']) assert.match(unavailable, new RegExp(`\\b${name}\\b`));
    await isInGoodForm(page);
  });
  it('and no runbook claims that its alert does not hold', {}, async ({ page, goto }) => {
    for (const path of [`${book}?node=worker-1&lang=en`, 'KubeVitalsEtcdSlow?lang=en', 'KubeVitalsDNSDown?lang=en']) {
      await until(page, goto, `/runbooks/${path}`, async () => /Cannot tell/.test(await page.locator('.verdict').innerText()));
      assert.doesNotMatch(await page.locator('.verdict').innerText(), /Does not hold/);
    }
  });
});
