// What most tests share: one browser and one exporter for a file of tests, and a
// watched page for each test.
import { after, before, test } from 'node:test';
import { launch, open } from './browser.mjs';
import { startExporter } from './exporter.mjs';

// A runbook with a label in its commands, a table, and links to others.
export const book = 'KubeVitalsNodeDiskPressure';

// Returns it(name, options, body), which declares a test. flags returns those that
// say what to watch; without, it is the sick cluster. body gets the page, goto, which
// opens a path of the server or an address, and more. options are those of a browser
// context, host, and the faults of the page that are expected or allowed.
export function suite({ flags, minutes = 15 } = {}) {
  const shared = {};
  before(async () => {
    shared.server = await startExporter(await flags?.());
    shared.browser = await launch();
  }, { timeout: 300_000 });
  after(async () => {
    await shared.browser?.close();
    await shared.server?.stop();
  }, { timeout: 300_000 });
  return (name, options, body) => test(name, { timeout: minutes * 60_000 }, async () => {
    const { browser, server } = shared;
    const { expect, allow, host, ...contextOptions } = options;
    const origin = host ? server.url.replace('127.0.0.1', host) : server.url;
    const opened = await open(browser, server, { locale: 'en-US', ...contextOptions, origin });
    const goto = (path) => opened.page.goto(new URL(path, origin).href, { waitUntil: 'load' });
    try {
      await body({ ...opened, browser, server, goto });
    } catch (error) {
      await opened.context.close();
      throw error;
    }
    await opened.close({ expect, allow });
  });
}

// Opens a path until wanted(page) is true: the exporter has to read the cluster
// first, and shows what it saw for some seconds.
export async function until(page, goto, path, wanted) {
  const end = Date.now() + 300_000;
  for (;;) {
    await goto(path);
    if (await wanted(page)) return;
    if (Date.now() > end) throw new Error(`${path} does not come to what it should be:\n${await page.locator('main').innerText()}`);
    await page.waitForTimeout(500);
  }
}

// Whether the status page of the sick cluster shows all that there is to see.
export async function ready(page) {
  const text = await page.locator('main').innerText();
  return await page.locator('#live:not([data-starting]) article').count() > 10 && !/Not read yet|尚未讀取/.test(text);
}

// Opens a page of the sick cluster when it is whole.
export function visit(page, goto, path) {
  return path.startsWith('/runbooks/') ? goto(path) : until(page, goto, path, ready);
}

// What page.evaluate needs to find all that a person can operate, in the order of the document.
export const interactive = 'a[href], button, summary, input, select, [tabindex="0"]';
