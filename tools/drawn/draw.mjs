// Draws every dashboard of clusters: node draw.mjs [--cluster=ill,healthy,large]
// [--only=overview] [--to=folder]. With --prometheus=URL and --at=seconds it draws what
// that Prometheus has instead of starting one. With --docs the documents get their pictures,
// which takes Debian's pngquant. Fails where a panel does.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { draw, launch } from './lib/browser.mjs';
import { clusters, named } from './lib/clusters.mjs';
import { problems, unnamed } from './lib/judge.mjs';
import { root } from './lib/process.mjs';
import { startPrometheus, untilFiring, untilScraped } from './lib/prometheus.mjs';
import { folds, opened } from './lib/rows.mjs';
import { bundle, serve } from './lib/site.mjs';

const { values: flags } = parseArgs({
  options: {
    cluster: { type: 'string', default: 'ill,healthy' }, only: { type: 'string', default: '' }, to: { type: 'string', default: `${root}bin/drawn` },
    docs: { type: 'boolean', default: false }, prometheus: { type: 'string' }, at: { type: 'string' }, hours: { type: 'string', default: '1' },
  },
});
const log = (text) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
const width = 1600;

function dashboards() {
  const folder = `${root}dashboards/generated/`;
  return readdirSync(folder).filter((file) => file.includes(flags.only)).map((file) => ({ name: file.replace('.json', ''), dashboard: JSON.parse(readFileSync(folder + file, 'utf8')) }));
}

// The first screens that the documents show, by their names there.
const documented = {
  'ill-kubevitals-overview': 'dashboard-overview', 'healthy-kubevitals-overview': 'dashboard-overview-healthy', 'large-kubevitals-nodes': 'dashboard-nodes-large',
};
const largest = 200_000;

// The pictures: the whole of each dashboard, with its rows open as well, and the first
// screens of the overview and of what is documented.
function pictures(name, cluster, dashboard) {
  const path = (more) => `${flags.to}/${cluster}-${name}${more}.png`;
  const first = { path: path('-first'), height: 900, document: documented[`${cluster}-${name}`] };
  const all = [{ path: path('') }];
  if (first.document || name.endsWith('overview')) all.push(first);
  if (folds(dashboard)) all.push({ path: path('-open'), open: true });
  return all;
}

function toDocs(path, document) {
  const copy = `${root}docs/${document}.png`;
  copyFileSync(path, copy);
  execFileSync('pngquant', ['--force', '--speed=1', '--strip', '--ext=.png', '128', copy]);
  const { size } = statSync(copy);
  log(`docs/${document}.png: ${Math.round(size / 1000)} kB`);
  if (size > largest) throw new Error(`docs/${document}.png is larger than ${largest} bytes`);
}

async function drawAll(browser, files, prometheus, cluster) {
  const to = Number(flags.at ?? Date.now() / 1000 - 15);
  const range = { from: to - Number(flags.hours) * 3600, to };
  let failed = 0;
  for (const { name, dashboard } of dashboards()) {
    let open = false;
    const site = await serve(files, prometheus, () => ({ dashboard: open ? opened(dashboard) : dashboard, range, width, chosen: {} }));
    for (const picture of pictures(name, cluster, dashboard)) {
      open = picture.open === true;
      const drawn = await draw(browser, site.url, { width, ...picture });
      const found = problems(drawn);
      if (flags.docs && picture.document) toDocs(picture.path, picture.document);
      if (name.endsWith('overview') && picture.height) found.push(...unnamed(named[cluster] ?? [], drawn).map((text) => `the first screen does not say "${text}"`));
      const shows = drawn.panels.filter((panel) => panel.shows === 'data').length;
      log(`${cluster} ${name}${open ? ', its rows open' : ''}: ${drawn.panels.length} panels, ${shows} with data, ${drawn.panels.length - shows} say why not, ${found.length} problems`);
      for (const problem of found) console.log(`  ${problem}`);
      for (const panel of drawn.panels.filter(({ shows: said }) => said && said !== 'data')) console.log(`  - ${panel.title}: ${panel.shows}`);
      failed += found.length;
    }
    await site.close();
  }
  return failed;
}

async function ofCluster(name, browser, files) {
  log(`starting the cluster ${name}`);
  const cluster = await clusters[name]();
  try {
    const prometheus = await startPrometheus(cluster.jobs, name);
    try {
      await untilScraped(prometheus.url, cluster.minutes, log);
      await untilFiring(prometheus.url, cluster.wanted, 20, log);
      // What is drawn ended shortly before, and causes are put in order by an evaluation after.
      await sleep(75_000);
      return await drawAll(browser, files, prometheus.url, name);
    } finally {
      await prometheus.stop();
    }
  } finally {
    await cluster.stop();
  }
}

mkdirSync(flags.to, { recursive: true });
const files = await bundle();
log('the page is bundled');
const browser = await launch();
let failed = 0;
try {
  for (const name of flags.cluster.split(',')) {
    failed += flags.prometheus ? await drawAll(browser, files, flags.prometheus, name) : await ofCluster(name, browser, files);
  }
} finally {
  await browser.close();
}
log(`${failed} problems; the pictures are in ${flags.to}`);
process.exit(failed === 0 ? 0 : 1);
