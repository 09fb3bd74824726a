// A real Prometheus with the generated rules, which scrapes what a cluster has.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, root, start } from './process.mjs';

const binary = process.env.KUBEVITALS_PROMETHEUS || `${root}bin/prometheus`;
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// Returns the configuration: jobs are [{job, targets: [{address, labels}], tls}].
export function configuration(jobs, cluster) {
  return JSON.stringify({
    global: { scrape_interval: '15s', evaluation_interval: '15s' },
    rule_files: [`${root}mixin/generated/alerts.yaml`],
    scrape_configs: jobs.map(({ job, targets, tls }) => ({
      job_name: job,
      ...(tls ? { scheme: 'https', tls_config: tls } : {}),
      static_configs: targets.map(({ address, labels }) => ({ targets: [address], labels: { cluster, ...labels } })),
    })),
  });
}

export async function startPrometheus(jobs, cluster) {
  const folder = mkdtempSync(join(tmpdir(), 'kubevitals-drawn-'));
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, configuration(jobs, cluster));
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
  const daemon = await start(binary, args, /Server is ready to receive web requests/);
  return {
    url: `http://${address}`,
    async stop() {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function get(url, path) {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(60_000) });
  const { status, data, error } = await response.json();
  if (status !== 'success') throw new Error(`${path}: ${error}`);
  return data;
}

// The alerts that fire, as sets of labels.
export async function firing(url) {
  const { alerts } = await get(url, '/api/v1/alerts');
  return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels);
}

export async function query(url, expr) {
  const { result } = await get(url, `/api/v1/query?query=${encodeURIComponent(expr)}`);
  return result;
}

// Waits until every alert of a list fires, for minutes at the most. wanted are sets of
// labels of which an alert must bear each.
export async function untilFiring(url, wanted, minutes, log) {
  const end = Date.now() + minutes * 60_000;
  const borne = (alert, labels) => Object.entries(labels).every(([name, value]) => alert[name] === value);
  for (;;) {
    const alerts = await firing(url);
    const missing = wanted.filter((labels) => !alerts.some((alert) => borne(alert, labels)));
    if (missing.length === 0) return alerts;
    if (Date.now() > end) throw new Error(`after ${minutes} minutes these do not fire: ${JSON.stringify(missing)}`);
    log(`waiting for ${missing.map(({ alertname }) => alertname).join(', ')}`);
    await pause(20);
  }
}

// Waits until kubevitals has been scraped for that many minutes.
export async function untilScraped(url, minutes, log) {
  const end = Date.now() + (minutes + 10) * 60_000;
  for (;;) {
    const [first] = await query(url, 'min(min_over_time(timestamp(up{job="kubevitals"} == 1)[1h:15s]))');
    if (first && Date.now() / 1000 - Number(first.value[1]) >= minutes * 60) return;
    if (Date.now() > end) throw new Error(`kubevitals was not scraped for ${minutes} minutes`);
    log(`waiting for ${minutes} minutes of samples`);
    await pause(30);
  }
}
