// axe-core finds nothing against the guidelines for accessibility, in any language,
// colour scheme or width.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import { noFaults } from '../lib/assert.mjs';
import { book, suite } from '../lib/suite.mjs';

const it = suite({ minutes: 5 });
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const pages = {
  'the status page': '/',
  'the index': '/runbooks/',
  'a runbook with labels': `/runbooks/${book}?node=worker-2&cluster=prod&bad-name=1`,
  'a runbook without labels': '/runbooks/KubeVitalsNodesNotReady',
  'a missing runbook': '/runbooks/KubeVitalsNothing',
};

// Everything that axe knows, its opinions on best practice included.
const options = { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } };

async function violations(page) {
  // Evaluated by the debugger, which the policy of the page does not bind.
  await page.evaluate(axe);
  const found = await page.evaluate((o) => window.axe.run(document, o), options);
  return found.violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => `${impact} ${id}: ${node.html.slice(0, 120)} ${node.any.concat(node.all)[0]?.message ?? ''}`));
}

for (const [name, path] of Object.entries(pages)) {
  const expect = name.includes('missing') ? [/^status 404: /, /^console: .*404/] : [];
  for (const lang of ['en', 'zh-TW']) {
    for (const colorScheme of ['light', 'dark']) {
      it(`${name} in ${lang}, ${colorScheme}`, { colorScheme, expect }, async ({ page, goto }) => {
        await goto(path + (path.includes('?') ? '&' : '?') + `lang=${lang}`);
        for (const width of [1280, 320]) {
          await page.setViewportSize({ width, height: 800 });
          await page.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true; });
          noFaults((await violations(page)).map((v) => `${width} px: ${v}`));
        }
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
