// Takes the pictures of the documents, of a cluster that is really ill: the lab's.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, open } from './lib/browser.mjs';
import { binary, startExporter } from './lib/exporter.mjs';
import { startLab } from './lib/lab.mjs';
import { runOnTerminal, terminalPage } from './lib/terminal.mjs';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const largest = 200_000;
const sick = ['KubeVitalsNodeDiskPressure', 'KubeVitalsAutoscalingMetricsAPINotRegistered', 'KubeVitalsNodeNotReady'];

const workload = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: default}
spec:
  replicas: 6
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      automountServiceAccountToken: false
      containers: [{name: shop, image: shop, resources: {requests: {cpu: 200m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop, namespace: default}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  minReplicas: 6
  maxReplicas: 12
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
`;

// An autoscaler without a metrics API, a full disk and a dead kubelet.
function fallIll(lab) {
  lab.kubectl(['apply', '-k', 'deploy/base']);
  lab.kubectl(['apply', '-f', '-'], workload);
  lab.kubectl(['rollout', 'status', 'deployment/shop', '--timeout=120s']);
  lab.fillDisk('node-1', 0.02);
  lab.killKubelet('node-2');
}

async function untilSeen(page, url) {
  // A node may be not ready for ten minutes before that is told.
  const end = Date.now() + 15 * 60_000;
  for (;;) {
    await page.goto(url);
    const text = await page.locator('main').innerText();
    const missing = sick.filter((alert) => !text.includes(alert));
    if (missing.length === 0) return;
    if (Date.now() > end) throw new Error(`not seen after 15 minutes: ${missing}\n${text}`);
    console.log(`waiting for ${missing}`);
    await page.waitForTimeout(15_000);
  }
}

const options = { viewport: { width: 1000, height: 800 }, deviceScaleFactor: 1.5, colorScheme: 'light', locale: 'en-US' };

async function picture(page, name, { clip, colours = 256 } = {}) {
  const path = `${docs}${name}.png`;
  await page.screenshot({ path, fullPage: true, animations: 'disabled', clip });
  execFileSync('pngquant', ['--force', '--speed=1', '--strip', '--ext=.png', `${colours}`, path]);
  const { size } = statSync(path);
  console.log(`docs/${name}.png: ${Math.round(size / 1000)} kB`);
  if (size > largest) throw new Error(`docs/${name}.png is larger than ${largest} bytes`);
}

// From the top of the page, wherever it is scrolled to, to the end of an element.
async function downTo(page, locator, width) {
  const end = await locator.evaluate((e) => e.getBoundingClientRect().bottom + scrollY);
  return { x: 0, y: 0, width, height: Math.ceil(end) + 12 };
}

async function ofPages(browser, server) {
  const { page, close } = await open(browser, server, options);
  await untilSeen(page, `${server.url}/?lang=en`);

  const disk = page.locator('article', { hasText: 'KubeVitalsNodeDiskPressure' });
  const runbook = await disk.getByRole('link').first().getAttribute('href');
  await disk.locator('summary').first().click();
  await page.mouse.click(2, 2);
  const last = page.locator('article', { hasText: 'KubeVitalsNodeNotReady' });
  await picture(page, 'status', { clip: await downTo(page, last, 1000), colours: 64 });
  await page.goto(`${server.url}/?lang=zh-TW`);
  await picture(page, 'status.zh-TW', { clip: await downTo(page, last, 1000), colours: 64 });

  await page.setViewportSize({ width: 1240, height: 1600 });
  await page.goto(new URL(runbook, server.url).href);
  await picture(page, 'runbook', { clip: await downTo(page, page.locator('aside'), 1240) });
  await close();
}

// What a phone shows of the page, and of a runbook in both languages, in its first screens.
async function ofPhone(browser, server) {
  const phone = { ...options, viewport: { width: 360, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
  const { page, close } = await open(browser, server, phone);
  await page.goto(`${server.url}/?lang=en`);
  const clip = { x: 0, y: 0, width: 360, height: 1560 };
  await picture(page, 'status.phone', { clip, colours: 64 });
  const disk = page.locator('article', { hasText: 'KubeVitalsNodeDiskPressure' });
  const runbook = new URL(await disk.getByRole('link').first().getAttribute('href'), server.url);
  for (const [lang, name] of [['en', 'runbook.phone'], ['zh-TW', 'runbook.phone.zh-TW']]) {
    runbook.searchParams.set('lang', lang);
    await page.goto(runbook.href);
    await picture(page, name, { clip, colours: 64 });
  }
  await close();
}

async function ofTerminal(browser, lab) {
  const args = ['check', '--kubeconfig=admin.kubeconfig', '--kubelet.ca-file=kubelet-ca.crt', '--severity=warning'];
  const check = runOnTerminal(binary, args, { columns: 118, cwd: lab.dir });
  if (check.status !== 1) throw new Error(`check ended with ${check.status}: ${check.text}`);
  const page = await browser.newPage(options);
  await page.setContent(terminalPage(`${basename(binary)} ${args.join(' ')}`, check.text));
  await picture(page, 'check', { colours: 48 });
}

const lab = await startLab();
try {
  fallIll(lab);
  const server = await startExporter(lab.flags);
  const browser = await launch();
  try {
    await ofPages(browser, server);
    await ofPhone(browser, server);
    await ofTerminal(browser, lab);
  } finally {
    await browser.close();
    await server.stop();
  }
} finally {
  await lab.stop();
}
