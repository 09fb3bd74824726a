// English or Traditional Chinese: what the link asks for, or else the browser.
import assert from 'node:assert/strict';
import { book, ready, suite, until } from '../lib/suite.mjs';

const it = suite();

const language = (page) => page.evaluate(() => document.documentElement.lang);
const heading = (page) => page.locator('.text h2').first().textContent();

for (const [locale, want] of [['en-US', 'en'], ['zh-TW', 'zh-TW'], ['zh-HK', 'zh-TW'], ['de-DE', 'en']]) {
  it(`a browser of ${locale} gets ${want}`, { locale }, async ({ page, goto }) => {
    const response = await goto(`/runbooks/${book}`);
    assert.equal(response.headers()['content-language'], want);
    assert.equal(await language(page), want);
    assert.match(await heading(page), want === 'en' ? /^Meaning$/ : /\p{Script=Han}/u);
  });
}

for (const path of [`/runbooks/${book}?cluster=prod&node=worker-2`, '/runbooks/']) {
  it(`the link at ${path} changes the language there and back`, {}, async ({ page, goto }) => {
    await goto(path);
    const before = await page.locator('.text').innerText();
    for (const [name, want] of [['中文（繁體）', 'zh-TW'], ['English', 'en']]) {
      const link = page.getByRole('link', { name, exact: true });
      assert.equal(await link.getAttribute('lang'), want, 'a screen reader must read the name in its language');
      await link.click();
      await page.waitForURL((url) => url.searchParams.get('lang') === want);
      assert.equal(await language(page), want);
      const url = new URL(page.url());
      url.searchParams.delete('lang');
      assert.equal(url.pathname + url.search, path, 'the link must keep the page and its labels');
      assert.equal(await page.locator('.text').innerText() === before, want === 'en');
    }
  });
}

it('the status page is in both languages, and so are the runbooks that it leads to', {}, async ({ page, goto }) => {
  for (const [lang, heading, holds] of [['en', 'Problems', 'Firing condition met'], ['zh-TW', '目前的問題', '告警條件仍成立']]) {
    await until(page, goto, `/?lang=${lang}`, ready);
    assert.equal(await language(page), lang);
    assert.equal(await page.locator('#firing').textContent(), heading);
    await page.locator('.findings a').first().click();
    await page.waitForURL('**/runbooks/**');
    assert.equal(await language(page), lang);
    assert.equal(await page.locator('.verdict strong').textContent(), holds);
    await page.locator('nav .home').click();
    await page.waitForURL((url) => url.pathname === '/');
    assert.equal(await language(page), lang);
  }
});

it('the language that was asked for stays on the way through the pages', {}, async ({ page, goto }) => {
  await goto('/runbooks/?lang=zh-TW');
  await page.getByRole('link', { name: book, exact: true }).click();
  await page.waitForURL(`**/runbooks/${book}**`);
  assert.equal(await language(page), 'zh-TW');
  await page.locator('header a').nth(1).click();
  await page.waitForURL('**/runbooks/?lang=zh-TW');
  assert.equal(await language(page), 'zh-TW');
});
