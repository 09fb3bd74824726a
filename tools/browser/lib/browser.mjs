// Drives Debian's Chromium, and records whatever a page does that it should not.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

// A name that leads to loopback. Unlike 127.0.0.1 it is no secure context, so a
// page there has what it has behind a plain http address of a cluster.
export const insecureHost = 'kubevitals.test';

// How long whatever a test waits for may take, in milliseconds: no machine is so busy.
const patience = 240_000;

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
    args: [
      // Whatever else the browser would ask of the world, no name leads there.
      `--host-resolver-rules=MAP ${insecureHost} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic',
      '--no-first-run', '--disable-default-apps', '--disable-domain-reliability', '--metrics-recording-only',
    ],
  });
}

// Opens an empty page whose every request, message, error and dialog is watched.
// check fails unless all requests went to the origin of the server and succeeded,
// and nothing was said to the console. expect are faults that a test provokes, and
// allow those that may come with them.
export async function open(browser, server, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const watch = watchFaults(page, options.origin ?? server.url);
  return {
    page,
    context,
    requests: watch.requests,
    async close({ expect = [], allow = [] } = {}) {
      const left = watch.faults.filter((fault) => ![...expect, ...allow].some((pattern) => pattern.test(fault)));
      const missing = expect.filter((pattern) => !watch.faults.some((fault) => pattern.test(fault)));
      await context.close();
      assert.deepEqual(left, [], 'the page did what it should not');
      assert.deepEqual(missing, [], 'the page did not do what was expected');
    },
  };
}

function watchFaults(page, origin) {
  const requests = [];
  const faults = [];
  page.on('request', (request) => {
    requests.push(request.url());
    if (new URL(request.url()).origin !== new URL(origin).origin) faults.push(`request to another origin: ${request.url()}`);
  });
  page.on('requestfailed', (request) => {
    const { errorText } = request.failure();
    // A test that goes on to the next page leaves requests behind.
    if (errorText !== 'net::ERR_ABORTED') faults.push(`failed: ${request.url()}: ${errorText}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`status ${response.status()}: ${response.url()}`);
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  return { requests, faults };
}
