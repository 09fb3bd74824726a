// Everything can be reached, seen and used with the keys alone.
import assert from 'node:assert/strict';
import { book, interactive, ready, suite, until, visit } from '../lib/suite.mjs';

const it = suite();
const pages = {
  'the status page': '/?lang=en',
  'a runbook': `/runbooks/${book}?node=worker-2&lang=en`,
  'a runbook in Chinese': `/runbooks/${book}?node=worker-2&lang=zh-TW`,
  'the index': '/runbooks/?lang=en',
};

// What has the focus: its place among all that is interactive, and how it shows.
const focused = (page) => page.evaluate((selector) => {
  const e = document.activeElement;
  const style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [outline, paper] = [style.outlineColor, getComputedStyle(document.body).backgroundColor].map(luminance);
  return {
    name: `${e.tagName} ${e.textContent.trim().slice(0, 30)}`,
    index: [...document.querySelectorAll(selector)].filter((o) => o.checkVisibility()).indexOf(e),
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    contrast: (Math.max(outline, paper) + 0.05) / (Math.min(outline, paper) + 0.05),
    inView: box.width > 0 && box.left >= 0 && box.right <= innerWidth + 1 && box.bottom > 0 && box.top < innerHeight,
  };
}, interactive);

for (const [name, path] of Object.entries(pages)) {
  for (const colorScheme of ['light', 'dark']) {
    it(`Tab goes through ${name} in order and shows where it is, ${colorScheme}`, { colorScheme }, async ({ page, goto }) => {
      await visit(page, goto, path);
      const count = await page.locator(interactive).evaluateAll((all) => all.filter((e) => e.checkVisibility()).length);
      assert.ok(count > 3);
      for (let i = 0; i < count; i++) {
        await page.keyboard.press('Tab');
        const at = await focused(page);
        assert.equal(at.index, i, `Tab ${i + 1} reaches ${at.name}`);
        assert.ok(at.outline >= 2, `${at.name} has an outline of ${at.outline} px`);
        assert.ok(at.contrast >= 3, `the outline of ${at.name} has a contrast of ${at.contrast.toFixed(1)}`);
        assert.ok(at.inView, `${at.name} has the focus out of sight`);
      }
    });
  }

  it(`the first Tab on ${name} skips to the content`, {}, async ({ page, goto }) => {
    await goto(path);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
    await page.keyboard.press('Enter');
    await page.waitForURL('**#content');
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.querySelector('main').contains(document.activeElement)), 'the next Tab is not within the content');
    assert.equal(await page.evaluate((selector) => [...document.querySelectorAll(`main :is(${selector})`)].indexOf(document.activeElement), interactive), 0);
  });
}

for (const key of ['Enter', 'Space']) {
  it(`${key} opens the evidence of a finding`, {}, async ({ page, goto }) => {
    await until(page, goto, '/?lang=en', ready);
    const evidence = page.locator('.findings details').first();
    assert.ok(!await evidence.locator('.samples').isVisible());
    await evidence.locator('summary').focus();
    await page.keyboard.press(key);
    await evidence.locator('.samples').waitFor();
    assert.match(await evidence.locator('.samples li').first().textContent(), /^kubevitals_\w+\{.*\} /);
  });

  it(`${key} copies`, { permissions: ['clipboard-read', 'clipboard-write'] }, async ({ page, goto }) => {
    await goto(pages['a runbook']);
    const button = page.locator('.commands button').first();
    await button.focus();
    await page.keyboard.press(key);
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "NODE='worker-2'");
    assert.ok(await button.evaluate((e) => e === document.activeElement), 'the button must keep the focus');
  });
}

it('the arrow keys scroll a long line of commands', { viewport: { width: 400, height: 800 } }, async ({ page, goto }) => {
  await goto(pages['a runbook']);
  const wide = page.locator('.commands pre').nth(1);
  assert.ok(await wide.evaluate((e) => e.scrollWidth > e.clientWidth + 40), 'the line is not long');
  await wide.focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
  await page.waitForFunction((e) => e.scrollLeft > 0, await wide.elementHandle());
});
