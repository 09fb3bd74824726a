// The status page when the exporter ends under it.
import assert from 'node:assert/strict';
import { violations } from '../lib/axe.mjs';
import { noFaults } from '../lib/assert.mjs';
import { ready, suite, until } from '../lib/suite.mjs';

const it = suite();

it('says that what it shows is old', { expect: [/^failed: .*ERR_CONNECTION_REFUSED/, /^console: .*ERR_CONNECTION_REFUSED/] }, async ({ page, goto, server }) => {
  await page.clock.install();
  await until(page, goto, '/?lang=en', ready);
  const before = await page.locator('#live').innerText();
  await server.stop();
  await page.clock.fastForward(31_000);
  const alert = page.locator('#stale');
  await alert.waitFor();
  assert.match(await alert.innerText(), /^kubevitals does not answer\. What is shown is from .*\d:\d\d/);
  assert.equal(await page.locator('#live').innerText(), before, 'what was known must stay');
  noFaults(await violations(page));
});
