// axe-core finds nothing against the guidelines for accessibility, in any language,
// colour scheme or width.
import assert from 'node:assert/strict';
import { noFaults } from '../lib/assert.mjs';
import { violations, violationsAtWidths } from '../lib/axe.mjs';
import { book, suite, visit } from '../lib/suite.mjs';

const it = suite({ minutes: 20 });

const pages = {
  'the status page': '/',
  'the index': '/runbooks/',
  'a runbook with labels': `/runbooks/${book}?node=worker-2&cluster=prod&bad-name=1`,
  'a runbook without labels': '/runbooks/KubeVitalsNodesNotReady',
  'a missing runbook': '/runbooks/KubeVitalsNothing',
};

for (const [name, path] of Object.entries(pages)) {
  const expect = name.includes('missing') ? [/^status 404: /, /^console: .*404/] : [];
  for (const lang of ['en', 'zh-TW']) {
    for (const colorScheme of ['light', 'dark']) {
      it(`${name} in ${lang}, ${colorScheme}`, { colorScheme, expect }, async ({ page, goto }) => {
        await visit(page, goto, path + (path.includes('?') ? '&' : '?') + `lang=${lang}`);
        noFaults(await violationsAtWidths(page));
      });
    }
  }
}

it('axe sees what is wrong', {}, async ({ page, goto }) => {
  await goto('/runbooks/');
  await page.evaluate(() => {
    document.querySelector('main a').style.color = '#bbb';
    document.documentElement.lang = '';
  });
  const found = (await violations(page)).join('\n');
  assert.match(found, /serious color-contrast/);
  assert.match(found, /serious html-has-lang/);
});
