// The button at a block of commands copies it, whatever the browser allows.
import assert from 'node:assert/strict';
import { insecureHost } from '../lib/browser.mjs';
import { book, suite } from '../lib/suite.mjs';

const it = suite();
const path = `/runbooks/${book}?node=worker-2&lang=`;

// What a person would paste. Only a page of a secure context may ask.
async function clipboard(context, server) {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  const reader = await context.newPage();
  await reader.goto(`${server.url}/livez`);
  await reader.bringToFront();
  const text = await reader.evaluate(() => navigator.clipboard.readText());
  await reader.close();
  return text;
}

// Commands end without a new line: pasted, the last one waits for Enter.
const blocks = (page) => page.locator('.commands code').evaluateAll((all) => all.map((code) => code.textContent.replace(/\n$/, '')));

// The clock stands still, so that what the button says stays.
async function pressAll({ page, context, server, words }) {
  await page.clock.pauseAt(Date.now() + 1_000);
  const wanted = await blocks(page);
  assert.ok(wanted.length >= 3 && wanted.some((text) => text.includes('\n')) && wanted.includes("NODE='worker-2'"));
  for (const [i, text] of wanted.entries()) {
    const button = page.locator('.commands').nth(i).locator('button');
    assert.equal(await button.textContent(), words.copy);
    await button.click();
    await page.locator('.commands').nth(i).getByRole('button', { name: words.copied, exact: true }).waitFor();
    assert.equal(await page.getByRole('status').textContent(), words.copied);
    assert.equal(await clipboard(context, server), text);
    await page.bringToFront();
    // What this button has said must not be taken for the next one's.
    await page.clock.fastForward(5_000);
    assert.equal(await page.getByRole('status').textContent(), '');
  }
}

const english = { copy: 'Copy', copied: 'Copied' };
const chinese = { copy: '複製', copied: '已複製' };

for (const [lang, words] of [['en', english], ['zh-TW', chinese]]) {
  it(`copies exactly the commands and says so, in ${lang}`, { permissions: ['clipboard-read', 'clipboard-write'] }, async ({ goto, ...rest }) => {
    await rest.page.clock.install();
    await goto(path + lang);
    assert.equal(await rest.page.evaluate(() => typeof navigator.clipboard), 'object');
    await pressAll({ ...rest, words });
  });

  it(`copies without a clipboard of the browser, in ${lang}`, { host: insecureHost }, async ({ goto, ...rest }) => {
    await rest.page.clock.install();
    await goto(path + lang);
    assert.equal(await rest.page.evaluate(() => typeof navigator.clipboard), 'undefined', 'the origin must be insecure');
    await pressAll({ ...rest, words });
  });
}

it('copies where the clipboard is forbidden', { permissions: [] }, async ({ goto, ...rest }) => {
  await rest.page.clock.install();
  await goto(path + 'en');
  await rest.page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError')); });
  await pressAll({ ...rest, words: english });
});

it('does not claim to have copied what it could not', { host: insecureHost }, async ({ page, goto }) => {
  await goto(path + 'en');
  await page.evaluate(() => { document.execCommand = () => false; });
  const block = page.locator('.commands').nth(1);
  await block.locator('button').click();
  await page.getByRole('status').filter({ hasText: 'Ctrl+C' }).waitFor();
  assert.notEqual(await block.locator('button').textContent(), 'Copied');
  assert.equal((await page.evaluate(() => String(getSelection()))).trim(), (await blocks(page))[1].trim(), 'the keys must copy the commands');
});

it('the button is ready for another press', {}, async ({ page, goto }) => {
  await page.clock.install();
  await goto(path + 'en');
  const button = page.locator('.commands button').first();
  await button.click();
  await page.getByText('Copied', { exact: true }).first().waitFor();
  await page.clock.fastForward(5_000);
  assert.equal(await button.textContent(), 'Copy');
  assert.equal(await page.getByRole('status').textContent(), '');
});
