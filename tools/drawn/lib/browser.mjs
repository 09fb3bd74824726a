// Drives Debian's Chromium, and records what a page says that it should not.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const found = process.env.PATH.split(delimiter).map((dir) => join(dir, 'chromium')).find(existsSync);
  if (!found) throw new Error('no chromium on PATH: install it, or set CHROMIUM to its path');
  return found;
}

export function launch() {
  return chromium.launch({
    executablePath: executable(),
    chromiumSandbox: process.getuid() !== 0,
    timeout: 180_000,
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--metrics-recording-only'],
  });
}

// Draws what the site serves. Returns the panels with what became of each, and faults of
// the page as a whole; a picture goes to path, of that height or of all.
export async function draw(browser, url, { width, path, height, seconds = 300 }) {
  const context = await browser.newContext({ viewport: { width, height: height ?? 900 }, deviceScaleFactor: 1, colorScheme: 'light', locale: 'en-US' });
  context.setDefaultTimeout(seconds * 1000);
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => { if (message.type() === 'error') faults.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('response', (response) => { if (response.status() >= 400) faults.push(`status ${response.status()}: ${response.url()}`); });
  try {
    await page.goto(url);
    await page.waitForFunction(() => window.drawn?.done);
    await page.evaluate(() => document.fonts.ready);
    // Components draw their canvases a moment after they have their data.
    await page.waitForTimeout(1500);
    const panels = await page.evaluate(() => window.drawn.panels.map((panel) => ({ ...panel, text: document.querySelector(`[data-panel="${panel.id}"]`)?.innerText ?? '' })));
    if (path) await page.screenshot({ path, fullPage: height === undefined, animations: 'disabled' });
    return { panels, faults };
  } catch (error) {
    return { panels: [], faults: [...faults, String(error)] };
  } finally {
    await context.close();
  }
}
